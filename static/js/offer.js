// input[data-offer]: the browser offers passkeys where it offers user names (WebAuthn Level 3,
// section 5.1.4, conditional mediation). Silent where that is unsupported or fails: the button of
// the form does the same.
import {
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  WebAuthnAbortService,
} from "../vendor/simplewebauthn/index.js";
import { answer } from "./ceremony.js";
import { options } from "./ceremony-options.js";

const SPARE_MS = 60_000; // options are renewed this long before they expire

function attach(input) {
  const form = input.form;
  let turn = 0; // only the newest offer may answer: one ceremony a tab
  let timer;

  function stop() {
    turn += 1;
    clearTimeout(timer);
    WebAuthnAbortService.cancelCeremony();
  }

  async function offer() {
    stop();
    const own = turn;
    try {
      const begun = await options(form);
      if (own !== turn) return;
      timer = setTimeout(renew, begun.options.timeout - SPARE_MS);
      const response = await startAuthentication({ optionsJSON: begun.options, useBrowserAutofill: true });
      if (own !== turn) return;
      clearTimeout(timer);
      answer(form, begun.ceremony, response);
    } catch {
      // Dismissed, aborted by a newer call, or offline.
    }
  }

  function renew() {
    if (document.hidden) document.addEventListener("visibilitychange", renew, { once: true });
    else if (form.dataset.phase === "ready" || form.dataset.phase === "failed") offer();
  }

  form.addEventListener("submit", stop, { capture: true });
  // When the button's call has failed, the offer stands again.
  new MutationObserver(() => form.dataset.phase === "failed" && renew()).observe(form, {
    attributeFilter: ["data-phase"],
  });
  window.addEventListener("pageshow", (event) => event.persisted && renew());
  const folded = input.closest("[data-offer-field]");
  if (folded) folded.hidden = false;
  offer();
}

async function begin() {
  const inputs = document.querySelectorAll("input[data-offer]");
  if (inputs.length && (await browserSupportsWebAuthnAutofill().catch(() => false))) inputs.forEach(attach);
}

begin();
