// [data-poll="url"]: renews itself every two seconds until the fragment holds data-done. Pauses
// while the page is hidden, backs off when the server does not answer, and stops when it says no.
import { announce } from "./announce.js";
import { showTimes } from "./time.js";

const EVERY_MS = 2_000;
const SLOWEST_MS = 30_000;

const announced = (root) =>
  new Set([...root.querySelectorAll("[data-announce]")].map((one) => one.dataset.announce));

const isDone = (region) => region.querySelector("[data-done]") !== null;

/** Whether the server said no: a redirect leads to the sign-in page, and neither is the fragment. */
const isRefusal = ({ redirected, status }) =>
  redirected || (status >= 400 && status < 500 && status !== 429);

/** Put the new fragment in place, keep the focus where it was, and say what is new. */
function renew(region, html) {
  const fragment = new DOMParser().parseFromString(html, "text/html");
  const before = announced(region);
  const focused = region.contains(document.activeElement) ? document.activeElement.id : "";
  region.replaceChildren(...document.importNode(fragment.body, true).childNodes);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  showTimes(region);
  const news = [...announced(region)].filter((sentence) => !before.has(sentence));
  if (news.length) announce(news.join(". "));
}

function poll(region) {
  let wait = EVERY_MS;
  let shown = "";
  let over = isDone(region);
  let timer;

  async function tick() {
    if (document.hidden) return; // visibilitychange goes on from here
    try {
      const answer = await fetch(region.dataset.poll, { headers: { Accept: "text/html" } });
      over = isRefusal(answer);
      if (over) return;
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const html = await answer.text();
      if (html !== shown) renew(region, html);
      shown = html;
      over = isDone(region);
      wait = EVERY_MS;
    } catch {
      wait = Math.min(wait * 2, SLOWEST_MS);
    }
    later();
  }

  function later() {
    clearTimeout(timer);
    if (!over) timer = setTimeout(tick, wait);
  }

  document.addEventListener("visibilitychange", () => document.hidden || later());
  later();
}

document.querySelectorAll("[data-poll]").forEach(poll);
