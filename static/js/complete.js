// form[data-complete]: its submit button works once every required field that is shown has a value
// and every field with data-word holds that word. Without the script the button always works, and the
// server checks the same.

function isComplete(form) {
  return [...form.elements].every((control) => {
    if (control.dataset.word !== undefined) return control.value.trim() === control.dataset.word;
    const needed = control.required || control.getAttribute("aria-required") === "true";
    if (!needed || control.disabled || control.offsetParent === null) return true;
    return control.type === "checkbox" ? control.checked : control.value.trim() !== "";
  });
}

function watch(form) {
  const buttons = form.querySelectorAll("button[type=submit]:not([formnovalidate])");
  const update = () => {
    const complete = isComplete(form);
    for (const button of buttons) button.disabled = !complete;
  };
  form.addEventListener("input", update);
  form.addEventListener("change", update);
  window.addEventListener("pageshow", update);
  update();
}

document.querySelectorAll("form[data-complete]").forEach(watch);
