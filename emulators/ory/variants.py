"""Switches for what the contract only infers or does not know, each with the line it comes from."""

from __future__ import annotations

from emulators.kit.variants import Switch

SWITCHES: dict[str, Switch] = {
    "byte_arrays": Switch(
        "ory.md 3.2 rule 1 [I]",
        ("accepted", "refused"),
        "whether binary values may be arrays of numbers, as the generated models have it",
    ),
    "database": Switch(
        "ory.md 3.2 rule 5 [I]",
        ("postgresql", "sqlite"),
        "postgresql refuses handles that are not UTF-8, hold NUL or exceed 255; sqlite stores all",
    ),
    "unknown_field": Switch(
        "ory.md 8 step 5 [I]",
        ("first", "last"),
        "which unknown field the strict decoder names",
    ),
    "passkey_patch": Switch(
        "ory.md 3.4, 3.5 [I]",
        ("accepted", "refused"),
        "whether JSON Patch may write below /credentials/passkey",
    ),
    "webauthn_patch": Switch(
        "ory.md 3.2 rule 5, 3.5 [I]",
        ("accepted", "refused"),
        "whether JSON Patch may write below /credentials/webauthn",
    ),
    "organization_passkeys": Switch(
        "ory.md 3.7 [U]",
        ("allowed", "refused"),
        "whether members of an organization may sign in with a passkey",
    ),
    "list_credentials": Switch(
        "ory.md 2.1, 2.6 [I]",
        ("absent", "present"),
        "whether a list shows credentials (never their config) without include_credential",
    ),
    "failed_try": Switch(
        "ory.md 8b step 3 (silent)",
        ("keeps the challenge", "spends the challenge"),
        "whether another assertion may be tried in the same flow",
    ),
    "used_flow": Switch(
        "ory.md 8b step 3 (silent)",
        ("fails", "is refused"),
        "whether a second sign-in by the same flow is a server error or a 400 with the flow",
    ),
    "unauthorized_body": Switch(
        "ory.md 7 [U]",
        ("json", "html", "empty"),
        "what the edge of Ory Network answers with a 401 or 403",
    ),
    "retry_after": Switch(
        "ory.md 7 (not documented)",
        ("absent", "present"),
        "whether a 429 carries Retry-After",
    ),
    "default_consistency": Switch(
        "ory.md 2.6",
        ("strong", "eventual"),
        "what a list without `consistency` reads",
    ),
    "links": Switch(
        "ory.md 2.6",
        ("relative", "absolute"),
        "how the Link header names the pages",
    ),
    "user_verification": Switch(
        "ory.md 3.2 rule 10",
        ("preferred", "required", "discouraged"),
        "what the operator configured",
    ),
    "passkey_method": Switch(
        "ory.md 8 step 4",
        ("enabled", "disabled"),
        "whether the operator switched the passkey method on",
    ),
}
