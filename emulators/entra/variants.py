"""Switches for what the contract only infers or does not know, each with the line it comes from."""

from __future__ import annotations

from emulators.kit.variants import Switch

SWITCHES: dict[str, Switch] = {
    "basic_credentials": Switch(
        "entra.md 1 (silent)",
        ("refused", "accepted"),
        "whether the token endpoint takes the client's credentials by HTTP Basic",
    ),
    "assertion_replay": Switch(
        "entra.md 1 (jti; silent on its use)",
        ("refused", "accepted"),
        "whether a client assertion works twice",
    ),
    "access_token": Switch(
        "entra.md 6 [D S38], 6 step 2 [I]",
        ("jwt", "jwt without claims", "opaque"),
        "what an access token looks like to its client",
    ),
    "audience": Switch(
        "entra.md 6 step 2 [I]",
        ("resource", "https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"),
        "what an access token's `aud` says: the resource that was asked for, or a name of Graph's",
    ),
    "top": Switch(
        "entra.md 3 [I]",
        ("refused", "capped"),
        "what becomes of a $top outside 1..999",
    ),
    "search_without_count": Switch(
        "entra.md 3 [D S26]",
        ("refused", "accepted"),
        "whether $search works without $count=true, as another page of the documentation has it",
    ),
    "hidden_membership": Switch(
        "entra.md 3 [D S29], form [U]",
        ("empty", "refused"),
        "how a group's hidden members are kept back without Member.Read.Hidden",
    ),
    "retry_after": Switch(
        "entra.md 3 [D]",
        ("present", "absent"),
        "whether a 429 carries Retry-After; some identity services send none",
    ),
    "passkey_profiles": Switch(
        "entra.md 4 [I]",
        ("in the answer", "only with $expand", "not known"),
        "how the policy shows passkeyProfiles, a navigation property",
    ),
    "deprecated_restrictions": Switch(
        "entra.md 0, 4 [D S5]",
        ("present", "gone"),
        "whether isAttestationEnforced and keyRestrictions still return data (until 2027-10-15)",
    ),
    "cloud": Switch(
        "entra.md 0, 1 [D S4 S5]",
        ("global", "us government", "china"),
        "which cloud: outside the global one passkeys cannot be provisioned",
    ),
    "creation_options": Switch(
        "entra.md 2.1, 2.7 [O #13 #33]",
        ("served", "not allowed"),
        "whether creationOptions answers 405, as it did in several tenants at once",
    ),
    "wrapped_options": Switch(
        "entra.md 2.1 [D S3 S12] [C S16]",
        ("bare", "in value"),
        "whether creation options stand in `value`, as some documented samples have it",
    ),
    "rp_id": Switch(
        "entra.md 2.1 [O], the v1.0 page's sample",
        ("login.microsoft.com", "login.microsoftonline.com"),
        "which RP ID the options name: a client uses the one that is returned",
    ),
    "client_timeout": Switch(
        "entra.md 2.1 [O]",
        ("0", "60000"),
        "publicKey.timeout in milliseconds; 0 stands for none",
    ),
    "annotations": Switch(
        "entra.md 2.1 [D S3 S12]",
        ("absent", "present"),
        "whether the objects of creation options carry `@odata.type`",
    ),
    "v1_timeout": Switch(
        "entra.md 0 [D S1 S3], refusal [I]",
        ("refused", "ignored"),
        "what v1.0 does with challengeTimeoutInMinutes, which only beta takes",
    ),
    "beta_timeout": Switch(
        "entra.md 2.1 [D S3] against [C S14 S13], 7",
        ("both", "in parentheses", "as a query"),
        "in which form beta takes challengeTimeoutInMinutes",
    ),
    "credential_ids": Switch(
        "entra.md 2.2 [O]",
        ("mixed", "token", "base64url", "base64"),
        "how excludeCredentials writes credential ids",
    ),
    "method_ids": Switch(
        "entra.md 2.2 [O S19 S18]",
        ("token", "guid"),
        "what the id of a new method looks like",
    ),
    "challenge_replay": Switch(
        "entra.md 2.1 [I]",
        ("refused", "accepted"),
        "whether a challenge, which is stateless, can be answered twice",
    ),
    "long_display_name": Switch(
        "entra.md 2.3 [C S13]",
        ("refused", "accepted"),
        "what becomes of a displayName longer than 30 characters",
    ),
    "replication": Switch(
        "entra.md 2.7 [I]",
        ("lags", "at once"),
        "whether a new method is listed only after some seconds",
    ),
    "most_passkeys": Switch(
        "entra.md 2.7 [U]",
        ("no limit", "ten"),
        "how many passkeys a user may have",
    ),
    "self_service_off": Switch(
        "entra.md 2.7 [D S6], status [U]",
        ("400", "403", "405"),
        "with what the API refuses where self-service is off",
    ),
    "guest": Switch(
        "entra.md 2.7 [D S24], status [U]",
        ("400", "403"),
        "with what registration for a guest is refused",
    ),
    "not_targeted": Switch(
        "entra.md 4 [I], place [U]",
        ("at options", "at registration"),
        "where a user whom the policy does not include is refused",
    ),
    "registration_error": Switch(
        "entra.md 2.7 [I], 8 [U]",
        ("400 badRequest", "400 invalidRequest", "403 accessDenied", "409 conflict"),
        "status and code of a registration that is refused for what it holds",
    ),
    "registration_message": Switch(
        "entra.md 2.7 [I], 8 [U]",
        ("telling", "vague"),
        "whether the message of such a refusal says what is wrong",
    ),
    "passes_off": Switch(
        "entra.md 5 [D S36], status [U]",
        ("400", "403", "404"),
        "with what a Temporary Access Pass is refused while its policy is off",
    ),
    "end_sessions": Switch(
        "entra.md 5 [D S37] against [O]",
        ("either role", "User.ReadWrite.All"),
        "whether the newer User.RevokeSessions.All ends sessions as well",
    ),
    "delete_with_the_wide_role": Switch(
        "entra.md 2.4 [D S21] against [C]",
        ("accepted", "refused"),
        "whether UserAuthenticationMethod.ReadWrite.All deletes passkeys",
    ),
}
