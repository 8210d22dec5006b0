// [data-preview="field id"]: shows what a name format gives for a sample person, by the rules of
// directories/ory/naming.py. The sample's names are in data-first, data-middle and data-last.

/** The format with the names filled in; what an absent name leaves behind is tidied away. */
function preview(format, { first, middle, last }) {
  const names = { First: first, Middle: middle, Last: last };
  return format
    .replace(/\{([^{}]*)\}/g, (token, part) => names[part] ?? token)
    .replace(/\s+/g, " ")
    .replace(/ ,/g, ",")
    .replace(/,(?: ?,)+/g, ",")
    .replace(/^[ ,]+|[ ,]+$/g, "");
}

for (const output of document.querySelectorAll("[data-preview]")) {
  const source = document.getElementById(output.dataset.preview);
  if (!source) continue;
  const show = () => {
    output.textContent = preview(source.value, output.dataset) || output.dataset.empty;
  };
  source.addEventListener("input", show);
  window.addEventListener("pageshow", show);
  show();
}
