// Why security keys cannot work here, if they cannot. The words are the page's own: a <template
// data-unsupported="reason"> in the form, which then takes the form's place.

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** "address", "insecure", "browser", or "" where everything is there. */
export function unsupported() {
  const host = window.location.hostname;
  if (IPV4.test(host) || host.startsWith("[")) return "address";
  if (!window.isSecureContext) return "insecure";
  if (typeof window.PublicKeyCredential !== "function" || !navigator.credentials) return "browser";
  return "";
}

/** Whether the ceremony can run; otherwise the form is replaced by what to do about it. */
export function supported(form) {
  const reason = unsupported();
  if (!reason) return true;
  const words = form.querySelector(`template[data-unsupported="${reason}"]`);
  if (words) form.replaceWith(document.importNode(words.content, true));
  return false;
}
