// [data-system="windows|phone|other"]: sentences that hold on some computers only. Without the script
// those for others are shown.

function system() {
  const agent = navigator.userAgent;
  if (/Android|iPhone|iPad/.test(agent)) return "phone";
  return /Windows/.test(agent) ? "windows" : "other";
}

for (const one of document.querySelectorAll("[data-system]")) one.hidden = one.dataset.system !== system();
