// button[data-disclose]: shows and hides what aria-controls names (the style follows
// aria-expanded). details[data-menu]: closes on Escape and on a click elsewhere.

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const button = event.target.closest("[data-disclose]");
  if (button) {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
  }
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  for (const button of document.querySelectorAll("[data-disclose][aria-expanded=true]")) {
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }
});
