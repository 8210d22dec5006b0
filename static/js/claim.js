// Making a key for another site than this one: a browser that an organisation manages may claim that
// site's origin (the WebAuthn extension `remoteDesktopClientOverride`; docs/managed-browser.md).

const WEAKEST = "userVerificationOptional";

/**
 * Extensions as Chromium takes them: it calls it inconsistent to enforce the weakest protection of
 * a passkey, which every key gives anyway (CTAP 2.2, section 12.1). Entra ID asks for just that.
 */
function taken({ enforceCredentialProtectionPolicy: enforced, ...extensions } = {}) {
  if (!enforced || extensions.credentialProtectionPolicy === WEAKEST) return extensions;
  return { ...extensions, enforceCredentialProtectionPolicy: enforced };
}

/** The options, with the origin that the browser is to claim; as they are where there is none. */
export function claiming(options, origin) {
  if (!origin) return options;
  const remoteDesktopClientOverride = { origin, sameOriginWithAncestors: true };
  return { ...options, extensions: { ...taken(options.extensions), remoteDesktopClientOverride } };
}

/**
 * Whether a policy lets this browser claim origins. Asked without a dialog: the parser keeps the
 * extension only then. It does not tell whether *this* page may: only create() does.
 */
export function mayClaim(origin) {
  const sample = {
    challenge: "AA",
    rp: { id: "example.com", name: "-" },
    user: { id: "AA", name: "-", displayName: "-" },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  };
  try {
    const parsed = PublicKeyCredential.parseCreationOptionsFromJSON(claiming(sample, origin));
    return parsed.extensions?.remoteDesktopClientOverride !== undefined;
  } catch {
    return false;
  }
}

/** Whether the browser refused to claim the origin, and asked nobody for a key. */
export function isClaimRefused(error, origin) {
  if (!origin) return false;
  return error?.name === "SecurityError" || /not permitted to use/.test(error?.message ?? "");
}
