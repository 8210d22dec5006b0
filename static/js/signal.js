// [data-signal-unknown="credential id"][data-rp-id]: tells the browser of a passkey that we ended
// ourselves, so that it stops offering it (WebAuthn Level 3, section 5.1.10, signalUnknownCredential).
//
// The other signal, of all ids that a person may still use, is never sent: directories share our
// RP ID and may hold passkeys of the same person that we do not know, and the browser would hide those.

async function signal({ signalUnknown: credentialId, rpId }) {
  try {
    await window.PublicKeyCredential?.signalUnknownCredential?.({ rpId, credentialId });
  } catch {
    // The passkey is ended whether or not the browser knows; there is nothing to do about it.
  }
}

for (const element of document.querySelectorAll("[data-signal-unknown]")) signal(element.dataset);
