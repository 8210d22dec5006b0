// time[data-relative]: "5 minutes ago" in place of the exact moment, which stays in the title and
// for screen readers. The server wrote the exact moment, so the page is right without this.

const STEPS = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const RENEW_MS = 30_000;
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto" });

function relative(moment) {
  const seconds = (moment - Date.now()) / 1000;
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return words.format(Math.trunc(seconds / length), unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

function show(element) {
  const moment = Date.parse(element.dateTime);
  if (Number.isNaN(moment)) return;
  const exact = document.createElement("span");
  exact.className = "visually-hidden";
  exact.textContent = ` (${element.title})`;
  element.replaceChildren(relative(moment), exact);
}

export function showTimes(root = document) {
  root.querySelectorAll("time[data-relative]").forEach(show);
}

showTimes();
setInterval(() => document.hidden || showTimes(), RENEW_MS);
