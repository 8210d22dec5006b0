// [data-copy="text"]: a click copies the text, and the button says so for a while.
import { announce } from "./announce.js";

const SHOWN_MS = 2000;

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("no clipboard");
}

/** Where the browser lets no script copy: select the text, so that Ctrl-C will. */
function select(button) {
  const shown = button.closest(".copyable, .copy-block")?.querySelector("code");
  if (shown) window.getSelection()?.selectAllChildren(shown);
}

async function copy(button) {
  try {
    await write(button.dataset.copy);
  } catch {
    select(button);
    announce("Selected. Press Control and C to copy.");
    return;
  }
  button.dataset.state = "copied";
  announce(button.dataset.copied ?? "Copied");
  setTimeout(() => delete button.dataset.state, SHOWN_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy]");
  if (button) copy(button);
});
