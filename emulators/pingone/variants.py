"""Switches for what the contract only infers or does not know, each with the line it comes from."""

from __future__ import annotations

from emulators.kit.variants import Switch

YES_NO = ("accepted", "refused")
NO_YES = ("refused", "accepted")

SIGN_IN: dict[str, Switch] = {
    "unknown_token_environment": Switch(
        "pingone.md 1.2 (silent)",
        ("404", "400", "401"),
        "what the token endpoint answers for an environment that is not there",
    ),
    "insufficient": Switch(
        "pingone.md 1.3 [C GOC]: both statuses have INSUFFICIENT_PERMISSIONS",
        ("403", "401"),
        "the status for a worker that may not do this",
    ),
    "unknown_environment": Switch(
        "pingone.md 1.3 [C TF]",
        ("403", "400", "401"),
        "what anything below an unknown environment answers; the environment itself is 404",
    ),
    "token_region": Switch(
        "pingone.md 5 [3P]",
        ("ours", "another: 401", "another: 404"),
        "whether tokens are from this region, and what another region's are answered with",
    ),
    "rate_limit_code": Switch(
        "pingone.md 1.3 [C GOC]",
        ("LIMIT_EXCEEDED", "QUOTA_EXCEEDED"),
        "what a rate limit is called",
    ),
    "retry_after": Switch(
        "pingone.md 1.4 [C GOC]: int or date",
        ("seconds", "date", "absent"),
        "how Retry-After tells the time",
    ),
    "young_environment": Switch(
        "pingone.md 6.8 [C SDK]: which errors is silent",
        ("403", "404", "500"),
        "what MFA endpoints answer for about 17 s after an environment was made",
    ),
}
ROLES: dict[str, Switch] = {
    "configuration_read_only": Switch(
        "pingone.md 6b [I]",
        YES_NO,
        "whether Configuration Read Only reads policies, sign-on policies and applications",
    ),
    "identity_data_reads_policies": Switch(
        "pingone.md 5, 6b, 7 [U]",
        NO_YES,
        "whether Identity Data Admin alone reads policies",
    ),
    "identity_data_read_only": Switch(
        "pingone.md 6b [I]",
        YES_NO,
        "whether Identity Data Read Only reads users, populations and devices",
    ),
    "own_roles": Switch(
        "pingone.md 6b [U]",
        ("Environment Admin", "any role"),
        "who reads the worker's role assignments and the roles",
    ),
    "environment_read": Switch(
        "pingone.md 5 (silent)",
        ("any role", "Environment Admin"),
        "who reads the environment and its capabilities",
    ),
    "unseen_user": Switch(
        "pingone.md 2 (silent)",
        ("404", "403"),
        "what a user outside the populations that the worker may see answers",
    ),
}
PEOPLE: dict[str, Switch] = {
    "filter_operators": Switch(
        "pingone.md 2 [D SCIM, old page], [D SCIM2]",
        ("old page", "new page"),
        "whether users are filtered by eq and sw only, or by ew and co as well",
    ),
    "filter_case": Switch(
        "pingone.md 2 (silent)",
        ("insensitive", "sensitive"),
        "how filters compare text",
    ),
    "unknown_user_fields": Switch(
        "pingone.md 2 (silent)",
        ("refused", "ignored"),
        "what becomes of a field that a user does not have",
    ),
    "mfa_enabled_in_update": Switch(
        "pingone.md 2 [C SDK]: not settable",
        ("refused", "ignored"),
        "what becomes of mfaEnabled in PUT and PATCH of a user",
    ),
}
DEVICES: dict[str, Switch] = {
    "bare_create": Switch(
        "pingone.md 3.1 [D CRE] against [3P], 7 [U]",
        NO_YES,
        "whether a FIDO2 device is begun without rp and policy",
    ),
    "unknown_device_fields": Switch(
        "pingone.md 3.1 [3P CM]",
        ("refused", "ignored"),
        "what becomes of fields as status and name in a create",
    ),
    "rp_override": Switch(
        "pingone.md 3.1 [D TF], 7 [U]",
        YES_NO,
        "whether rp.id may differ from the policy's relying party ID",
    ),
    "options_rp_name": Switch(
        "pingone.md 3.1 [C JS]",
        ("absent", "present"),
        "whether the creation options name the relying party",
    ),
    "mfa_disabled_pairing": Switch(
        "pingone.md 7 [U]",
        YES_NO,
        "whether a user with mfaEnabled false may pair",
    ),
    "disabled_user_pairing": Switch(
        "pingone.md 1.3 ACCOUNT_NOT_USABLE (silent)",
        NO_YES,
        "whether a disabled user may pair",
    ),
    "pairing_disabled_code": Switch(
        "pingone.md 3.3 [U]",
        ("INVALID_VALUE", "CONSTRAINT_VIOLATION"),
        "the code where the MFA policy has pairing switched off",
    ),
    "pending_devices": Switch(
        "pingone.md 3.3 [I], 7 [U]",
        ("not counted", "counted"),
        "whether devices that wait for activation count towards the cap",
    ),
    "challenge_life": Switch(
        "pingone.md 7 [U]",
        ("unlimited", "as the timeout"),
        "how long a begun device can be activated",
    ),
    "attestation_base64": Switch(
        "pingone.md 3.2 [D ACT], 7 [U]",
        ("standard", "either"),
        "whether base64url is taken for rawId, clientDataJSON and attestationObject",
    ),
    "activation_code": Switch(
        "pingone.md 3.2, 7 [U]",
        ("INVALID_VALUE", "CONSTRAINT_VIOLATION"),
        "the code of a wrong origin, challenge, RP ID or attestation",
    ),
    "direct_without_statement": Switch(
        "pingone.md 3.2 [I], 4.1",
        NO_YES,
        "whether DIRECT attestation takes a key that sent none",
    ),
    "origin_suffix": Switch(
        "pingone.md 4.2, 7 [U]",
        ("enforced", "not enforced"),
        "whether the origin's host must be the RP ID or below it",
    ),
}
POLICIES: dict[str, Switch] = {
    "localhost_policy": Switch(
        "pingone.md 4.2 [U]",
        NO_YES,
        "whether a policy's relying party ID may be localhost",
    ),
    "mds_without_attestation": Switch(
        "pingone.md 4.1: should be NONE",
        NO_YES,
        "whether a policy without attestation may have metadata requirements",
    ),
    "null_policy_id": Switch(
        "pingone.md 3.1, 4.3 [C SDK]",
        ("absent", "null"),
        "how an MFA policy says that it uses the default FIDO policy",
    ),
    "mds_identifier_field": Switch(
        "pingone.md 4.4, 7 [U]",
        ("mdsIdentifier", "id"),
        "which field of a metadata entry allowedAuthenticators[].id takes",
    ),
}

SWITCHES: dict[str, Switch] = {**SIGN_IN, **ROLES, **PEOPLE, **DEVICES, **POLICIES}
