// [data-focus] takes the focus when the page opens: the summary of what is wrong with a form.

const first = document.querySelector("[data-focus]");
if (first) {
  document.title = `Error: ${document.title}`;
  first.focus();
}
