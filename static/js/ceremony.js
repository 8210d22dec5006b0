// form[data-ceremony]: its button asks the server for options and the browser for the key, fills
// `ceremony` and `response`, and submits the form as any form.
import { startAuthentication, startRegistration } from "../vendor/simplewebauthn/index.js";
import { options } from "./ceremony-options.js";
import { explain } from "./ceremony-problems.js";
import { claiming, isClaimRefused } from "./claim.js";
import { forget, giveBack, remember } from "./give-back.js";
import { supported } from "./support.js";

const SAID = {
  ready: "",
  starting: "Getting ready…",
  touch: "Insert your key, enter its PIN, and touch it.",
  checking: "Checking your key…",
  failed: "",
};

function enter(form, phase, problem = []) {
  form.dataset.phase = phase;
  form.setAttribute("aria-busy", String(phase === "starting" || phase === "checking"));
  form.querySelector("[data-state]").textContent = SAID[phase];
  form.querySelector("[data-start]").disabled = phase !== "ready" && phase !== "failed";
  const paragraphs = problem.map((sentence) => {
    const paragraph = document.createElement("p");
    paragraph.textContent = sentence;
    return paragraph;
  });
  form.querySelector("[data-problem]").replaceChildren(...paragraphs);
}

/** Whether the form is sent by the button that asks for the key, and not by another of its own. */
function startsCeremony(event) {
  return !event.submitter || "start" in event.submitter.dataset;
}

/** Send the key's response as the form's answer. */
export function answer(form, ceremony, response) {
  form.elements.namedItem("ceremony").value = ceremony;
  form.elements.namedItem("response").value = JSON.stringify(response);
  forget(form);
  enter(form, "checking");
  HTMLFormElement.prototype.submit.call(form);
}

async function run(form) {
  let registering = false;
  let origin = "";
  enter(form, "starting");
  try {
    const begun = await options(form);
    registering = "pubKeyCredParams" in begun.options;
    origin = begun.origin ?? "";
    remember(form, begun.ceremony);
    enter(form, "touch");
    const ask = registering ? startRegistration : startAuthentication;
    const response = await ask({ optionsJSON: claiming(begun.options, origin) });
    answer(form, begun.ceremony, response);
  } catch (error) {
    giveBack(form);
    enter(form, "failed", explain(error, registering, form.dataset.excluded));
    if (isClaimRefused(error, origin)) form.dispatchEvent(new Event("way-refused", { bubbles: true }));
    else form.querySelector("[data-start]").focus();
  }
}

function attach(form) {
  form.addEventListener("submit", (event) => {
    if (!startsCeremony(event)) return;
    event.preventDefault();
    if (form.dataset.phase === "ready" || form.dataset.phase === "failed") run(form);
  });
  // Back from the next page: the browser may show this one as it was left, in mid-ceremony.
  window.addEventListener("pageshow", (event) => event.persisted && enter(form, "ready"));
  enter(form, "ready");
}

[...document.querySelectorAll("form[data-ceremony]")].filter(supported).forEach(attach);
