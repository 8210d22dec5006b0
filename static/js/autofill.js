// [data-fill='{"field": "value"}']: a click fills the named fields of the form it stands in.
import { announce } from "./announce.js";

function fill(button) {
  const form = button.closest("form") ?? document.querySelector(button.dataset.form);
  for (const [name, value] of Object.entries(JSON.parse(button.dataset.fill))) {
    const control = form?.elements.namedItem(name);
    if (!control) continue;
    const folded = control instanceof Element ? control.closest("details") : null;
    if (folded) folded.open = true;
    control.value = value;
    if (control instanceof Element) {
      control.dispatchEvent(new Event("input", { bubbles: true }));
      control.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  announce(button.dataset.filled ?? "Filled in");
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-fill]");
  if (button) fill(button);
});
