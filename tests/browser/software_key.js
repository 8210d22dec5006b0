// Put in the page before its own scripts: answers the browser's WebAuthn calls with a software key.
//
// The key itself lives in Python, behind the binding `softwareKey`. What comes back are real
// PublicKeyCredential prototypes, so that instanceof, ArrayBuffers and toJSON hold.
(() => {
  const toBase64url = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const fromBase64url = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))
      .buffer;

  // The options as JSON again: every binary value base64url (WebAuthn L3 section 5.1.8).
  const jsonable = (value) => {
    if (value instanceof ArrayBuffer) return toBase64url(value);
    if (ArrayBuffer.isView(value)) {
      return toBase64url(value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength));
    }
    if (Array.isArray(value)) return value.map(jsonable);
    if (value && typeof value === "object") {
      const members = Object.entries(value).filter(([, item]) => item !== undefined);
      return Object.fromEntries(members.map(([key, item]) => [key, jsonable(item)]));
    }
    return value;
  };

  const own = (object, properties) => {
    for (const [name, value] of Object.entries(properties)) {
      Object.defineProperty(object, name, { value, enumerable: true });
    }
    return object;
  };

  const credential = (json, responseType, buffers, methods) =>
    own(Object.create(PublicKeyCredential.prototype), {
      id: json.id,
      rawId: fromBase64url(json.rawId),
      type: json.type,
      authenticatorAttachment: json.authenticatorAttachment ?? "cross-platform",
      response: own(Object.create(responseType.prototype), {
        ...Object.fromEntries(
          buffers.map((name) => [
            name,
            json.response[name] == null ? null : fromBase64url(json.response[name]),
          ]),
        ),
        ...methods,
      }),
      getClientExtensionResults: () => json.clientExtensionResults ?? {},
      toJSON: () => json,
    });

  const ask = async (verb, options, signal) => {
    signal?.throwIfAborted();
    const answer = await window.softwareKey(verb, jsonable(options));
    signal?.throwIfAborted();
    if (answer.error) throw new DOMException(answer.message ?? answer.error, answer.error);
    return answer.credential;
  };

  CredentialsContainer.prototype.create = async function create({ publicKey, signal } = {}) {
    const json = await ask("create", publicKey, signal);
    return credential(
      json,
      AuthenticatorAttestationResponse,
      ["clientDataJSON", "attestationObject"],
      {
        getTransports: () => json.response.transports ?? [],
        getPublicKeyAlgorithm: () => json.response.publicKeyAlgorithm ?? -7,
        getPublicKey: () => null,
        getAuthenticatorData: () => new ArrayBuffer(0),
      },
    );
  };

  CredentialsContainer.prototype.get = async function get({ publicKey, signal, mediation } = {}) {
    if (mediation === "conditional") return new Promise(() => {});
    const json = await ask("get", publicKey, signal);
    return credential(
      json,
      AuthenticatorAssertionResponse,
      ["clientDataJSON", "authenticatorData", "signature", "userHandle"],
      {},
    );
  };
})();
