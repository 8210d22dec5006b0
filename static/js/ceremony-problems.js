// What went wrong in a ceremony, in our words: a title, and what to do. The names are those of
// WebAuthn Level 3, sections 5.1.3 (create) and 5.1.4 (get).

const BOTH = {
  NotAllowedError: [
    "The browser stopped waiting",
    "The request was cancelled or ran out of time. Nothing was changed. Have your key at hand and try again.",
  ],
  SecurityError: [
    "The browser does not allow security keys at this address",
    "Open this site by the address your organisation gave you, starting with https.",
  ],
  NotSupportedError: [
    "That key does not fit",
    "It offers none of the methods this site accepts. Try another security key.",
  ],
  ConstraintError: [
    "That key cannot do what is needed",
    "It must store a passkey and ask for a PIN. Set a PIN on the key, or try another one.",
  ],
  AbortError: ["The request was stopped", "Another request took its place. Try again."],
  TypeError: [
    "The browser did not understand the request",
    "Update your browser, then try again. If it stays like this, tell your administrator.",
  ],
  UnknownError: [
    "The key could not answer",
    "Take the key out, insert it again, and try once more. Its storage may also be full.",
  ],
};

const CREATE = {
  ...BOTH,
  InvalidStateError: [
    "This key is already registered",
    "You can sign in with it as it is. To add another key, take this one out and insert the other.",
  ],
};

const GET = {
  ...BOTH,
  InvalidStateError: ["That key cannot be used here", "Insert the key you registered, then try again."],
};

const OTHER = ["Something went wrong in the browser", "Reload this page and try again."];

/** A problem whose words are known already. */
export class Problem extends Error {
  constructor(title, ...text) {
    super(title);
    this.words = [title, ...text];
  }

  /** What the portal itself said; the lines of `detail` are for operators, who alone get them. */
  static said({ message, detail }) {
    return new Problem("That is not possible now", message, ...(detail || "").split("\n").filter(Boolean));
  }
}

export const OFFLINE = () =>
  new Problem("The portal did not answer", "Check your connection, then try again. Nothing was changed.");

export const UNAVAILABLE = () =>
  new Problem("The portal could not begin", "Reload this page and try again. Nothing was changed.");

/**
 * Title and text for anything that a ceremony threw.
 * `excluded`: what it means at this form that a key refuses because of one that is on it.
 */
export function explain(error, registering, excluded) {
  if (error instanceof Problem) return error.words;
  if (excluded && registering && error?.name === "InvalidStateError") return ["That key is taken", excluded];
  return (registering ? CREATE : GET)[error?.name] ?? OTHER;
}
