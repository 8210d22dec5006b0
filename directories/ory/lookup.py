"""Finding a person's identity, in the order that leaves no room for a wrong one."""

from __future__ import annotations

from directories.base import NotFound, PersonRecord, Refused
from directories.ory.api import OryApi
from directories.ory.documents import IdentityDocument


def find(api: OryApi, person: PersonRecord, remote_id: str | None) -> IdentityDocument | None:
    """The person's identity, or None when there is none.

    By Ory's id when it is known, by our own id as `external_id`, then by the e-mail address
    (strongly consistent: a list may otherwise lag by seconds, Ory contract section 2.6).

    Raises:
        Refused: when the address leads to somebody else's identity, or to several.
    """
    if remote_id:
        try:
            return api.identity(remote_id, with_passkeys=False)
        except NotFound:
            pass  # deleted there, perhaps made anew
    try:
        return api.identity_by_external_id(str(person.uuid))
    except NotFound:
        pass  # nobody, or a Kratos older than v25.4.0
    return _by_address(api, person)


def _by_address(api: OryApi, person: PersonRecord) -> IdentityDocument | None:
    address = person.email.strip().lower()
    if not address:
        return None
    found, _ = api.identities(credentials_identifier=address, consistency="strong")
    if not found:
        return None
    if len(found) > 1 or not found[0].knows(address):
        raise Refused(
            f"Ory does not say which identity {address} belongs to.", code="ory.ambiguous"
        )
    identity = found[0]
    if identity.external_id and identity.external_id != str(person.uuid):
        raise Refused(
            f"The identity with {address} belongs to somebody else: its external id is "
            f"{identity.external_id}. Clear or correct it in Ory, or change the address here.",
            code="ory.identity_of_another",
        )
    return identity
