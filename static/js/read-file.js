// <input type="file" data-read-into="id">: what is in the chosen file goes into that text field.
import { announce } from "./announce.js";

document.addEventListener("change", async (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || !input.dataset.readInto) return;
  const field = document.getElementById(input.dataset.readInto);
  const [file] = input.files ?? [];
  if (!field || !file) return;
  field.value = await file.text();
  announce(`${file.name} is read.`);
});
