"""The bodies of the identity calls, field by field (ory.md 2.1, 2.2, 2.4, 3.2)."""

from __future__ import annotations

from emulators.ory.editions import Edition
from emulators.ory.wire import BINARY, COUNT, FLAG, MOMENT, RAW, TEXT, UUID, Many, Shape, Struct

VERIFIABLE_ADDRESS = Struct(
    {
        "id": UUID,
        "value": TEXT,
        "verified": FLAG,
        "via": TEXT,
        "status": TEXT,
        "verified_at": MOMENT,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }
)
RECOVERY_ADDRESS = Struct(
    {"id": UUID, "value": TEXT, "via": TEXT, "created_at": MOMENT, "updated_at": MOMENT}
)

# ory.md 3.2, the payload and the optional `attestation` below it [K].
WEBAUTHN_CREDENTIAL = Struct(
    {
        "id": BINARY,
        "public_key": BINARY,
        "attestation_type": TEXT,
        "authenticator": Struct({"aaguid": BINARY, "sign_count": COUNT, "clone_warning": FLAG}),
        "display_name": TEXT,
        "added_at": MOMENT,
        "is_passwordless": FLAG,
        "flags": Struct(
            {
                "user_present": FLAG,
                "user_verified": FLAG,
                "backup_eligible": FLAG,
                "backup_state": FLAG,
            }
        ),
        "transport": Many(TEXT),
        "attestation": Struct(
            {
                "client_dataJSON": BINARY,
                "client_data_hash": BINARY,
                "authenticator_data": BINARY,
                "public_key_algorithm": RAW,
                "object": BINARY,
            }
        ),
    }
)
WEBAUTHN_IMPORT = Struct(
    {"config": Struct({"credentials": Many(WEBAUTHN_CREDENTIAL), "user_handle": BINARY})}
)

PASSWORD_IMPORT = Struct(
    {
        "config": Struct(
            {"hashed_password": TEXT, "password": TEXT, "use_password_migration_hook": FLAG}
        )
    }
)
PROVIDERS_IMPORT = Struct(
    {
        "config": Struct(
            {
                "providers": Many(
                    Struct(
                        {
                            "subject": TEXT,
                            "provider": TEXT,
                            "use_auto_link": FLAG,
                            "organization": UUID,
                        }
                    )
                )
            }
        )
    }
)


def credentials_body(edition: Edition) -> Struct:
    """`identityWithCredentials`: what can be imported (ory.md 2.1 and 3.1)."""
    fields: dict[str, Shape] = {
        "password": PASSWORD_IMPORT,
        "oidc": PROVIDERS_IMPORT,
        "saml": PROVIDERS_IMPORT,
    }
    if edition.imports_passkeys:
        fields |= {
            "totp": Struct({"config": Struct({"totp_url": TEXT})}),
            "webauthn": WEBAUTHN_IMPORT,
            "passkey": WEBAUTHN_IMPORT,
            "lookup_secret": Struct(
                {
                    "config": Struct(
                        {"codes": Many(Struct({"code": TEXT, "used_at": MOMENT}))},
                    )
                }
            ),
        }
    return Struct(fields)


def update_body(edition: Edition) -> Struct:
    """`UpdateIdentityBody` (ory.md 2.2): no organization_id, no addresses."""
    fields: dict[str, Shape] = {
        "schema_id": TEXT,
        "traits": RAW,
        "credentials": credentials_body(edition),
        "metadata_public": RAW,
        "metadata_admin": RAW,
        "state": TEXT,
    }
    if edition.has_external_id:
        fields["external_id"] = TEXT
    if edition.has_region:
        fields["region"] = TEXT
    return Struct(fields)


def create_body(edition: Edition) -> Struct:
    """`CreateIdentityBody` (ory.md 2.1)."""
    return Struct(
        {
            **update_body(edition).fields,
            "verifiable_addresses": Many(VERIFIABLE_ADDRESS),
            "recovery_addresses": Many(RECOVERY_ADDRESS),
            "organization_id": UUID,
        }
    )


def batch_body(edition: Edition) -> Struct:
    """The body of a batch create (ory.md 2.4)."""
    entry = Struct({"patch_id": UUID, "create": create_body(edition)})
    return Struct({"identities": Many(entry)})
