// What a ceremony begins with: the options, asked of the server.
import { OFFLINE, Problem, UNAVAILABLE } from "./ceremony-problems.js";

const PATIENCE_MS = 20_000;

/** Begin a ceremony: {ceremony, options, origin}. Throws a Problem. */
export async function options(form) {
  let reply;
  try {
    reply = await fetch(form.dataset.options, {
      method: "POST",
      headers: { "X-CSRFToken": form.elements.namedItem("csrf_token").value, Accept: "application/json" },
      body: new URLSearchParams(form.dataset.subject ? { subject: form.dataset.subject } : {}),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw OFFLINE();
  }
  const body = await reply.json().catch(() => null);
  if (reply.ok && body?.options) return body;
  if (body?.error?.message) throw Problem.said(body.error);
  throw UNAVAILABLE();
}
