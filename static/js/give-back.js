// What a directory began for a registration is given back when the registration comes to nothing:
// the browser's dialog was cancelled, or the page was left. Only where the form says so
// ([data-cancel="url"]); nothing is lost where it does not arrive, for the server cleans up as well.

const begun = new Map();

/** Remember that the form's ceremony has begun. */
export function remember(form, ceremony) {
  if (form.dataset.cancel) begun.set(form, ceremony);
}

/** The answer was sent, so there is nothing to give back. */
export function forget(form) {
  begun.delete(form);
}

/** Say that the ceremony came to nothing. Outlives the page. */
export function giveBack(form) {
  const ceremony = begun.get(form);
  if (!begun.delete(form)) return;
  fetch(form.dataset.cancel, {
    method: "POST",
    keepalive: true,
    headers: { "X-CSRFToken": form.elements.namedItem("csrf_token").value, Accept: "application/json" },
    body: new URLSearchParams({ ceremony, subject: form.dataset.subject ?? "" }),
  }).catch(() => {}); // nobody is left to tell
}

window.addEventListener("pagehide", () => [...begun.keys()].forEach(giveBack));
