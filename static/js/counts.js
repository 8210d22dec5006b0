// [data-counts="url"]: fetches the numbers of a table once, and puts each into the [data-count] of
// its row. What cannot be fetched is said, never guessed.
import { announce } from "./announce.js";

async function fill(region) {
  const cells = [...region.querySelectorAll("[data-count]")];
  let numbers = [];
  try {
    const answer = await fetch(region.dataset.counts, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    const fragment = new DOMParser().parseFromString(await answer.text(), "text/html");
    numbers = [...fragment.querySelectorAll("[data-count]")];
    announce("The passkeys there are counted.");
  } catch {
    announce("The passkeys there cannot be told now.");
  }
  cells.forEach((cell, place) => {
    const number = numbers[place];
    if (number) cell.replaceChildren(...document.importNode(number, true).childNodes);
    else cell.textContent = "cannot be told";
  });
}

document.querySelectorAll("[data-counts]").forEach(fill);
