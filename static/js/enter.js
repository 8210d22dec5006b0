// [data-enter]: what comes next takes the focus when the page opens, so that Enter alone goes on:
// itself, or the first button in it that can be pressed. A form's wrong field comes first.

const usable = (control) => !control.disabled && control.offsetParent !== null;

// After every module: a ceremony's button can be pressed, and a way be seen, only once they ran.
document.addEventListener("DOMContentLoaded", () => {
  const next = document.querySelector("[data-enter]");
  if (!next || document.querySelector("[data-focus]")) return;
  const controls = next.matches("button, a") ? [next] : [...next.querySelectorAll("[data-start], button, a[role=button]")];
  controls.find(usable)?.focus();
});
