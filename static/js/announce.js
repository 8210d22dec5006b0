// Says something to screen readers through the page's one polite live region.

export function announce(sentence) {
  const region = document.querySelector("[data-announcer]");
  if (!region) return;
  // The same sentence twice is a new message only if the region was empty in between.
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = sentence;
  });
}
