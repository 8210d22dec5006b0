"""Which e-mail domains are held by an organization of the project, as far as can be seen.

A project API key reads identities, not organizations (Ory contract sections 1 and 6), so the
domains are those of identities that belong to one. Members of an organization must use its single
sign-on (section 3.7): a passkey may not sign them in.
"""

from __future__ import annotations

import re

from directories.base import Check, CheckState
from directories.ory.api import OryApi
from directories.ory.settings import Flavour, OrySettings

PAGE_SIZE = 250
MOST_PAGES = 4
MOST_DOMAINS = 100

_ADDRESS = re.compile(r"[^@\s]{1,64}@([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+)")

CODE = "ory.organizations"
REMEDY = (
    "Members of an organization must use its single sign-on. Do not serve these people here, or "
    "take their domain out of the organization in the Ory Console."
)


def look(api: OryApi, settings: OrySettings) -> tuple[Check, tuple[str, ...]]:
    """Read some identities; the check, and the domains that were seen.

    Raises:
        DirectoryError: when they cannot be read.
    """
    found: dict[str, None] = {}
    seen = members = 0
    query = {"page_size": str(PAGE_SIZE)}
    for _ in range(MOST_PAGES):
        identities, token = api.identities(**query)
        seen += len(identities)
        for identity in identities:
            if not identity.organization_id:
                continue
            members += 1
            remote = identity.as_remote(settings.mapping)
            if address := _ADDRESS.fullmatch((remote.email or remote.label).lower()):
                found.setdefault(address.group(1))
        if token is None or token == query.get("page_token"):
            break
        query["page_token"] = token
    domains = tuple(sorted(found)[:MOST_DOMAINS])
    if members:
        at = f", with addresses at {', '.join(domains)}" if domains else ""
        evidence = f"{members} of {seen} identities belong to an organization{at}."
        return Check(CODE, "", CheckState.FAILED, evidence, remedy=REMEDY), domains
    evidence = f"None of {seen} identities belongs to an organization."
    if settings.flavour is Flavour.SELF_HOSTED:
        return Check(CODE, "", CheckState.PASSED, evidence), ()
    told = f"{evidence} A project API key cannot read the organizations themselves."
    remedy = (
        "See in the Ory Console whether any domain belongs to an organization: its people must "
        "use the single sign-on there."
    )
    return Check(CODE, "", CheckState.UNKNOWN, told, remedy=remedy), ()
