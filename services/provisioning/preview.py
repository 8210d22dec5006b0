"""What a request will ask of its people, and with which policies, before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from directories import registry
from directories.base import Way
from directories.pingone import enrols_here
from models import Directory
from services import policies
from services.attestation.policy import Policy
from services.groups import policies as group_policies
from services.policies import POLICIES
from services.portal import Portal
from services.serving import IMPORTING


@dataclass(frozen=True)
class Asked:
    """One touch that everybody of a request is asked for, unless they have made it before."""

    title: str
    way: Way
    detail: str
    in_page: bool
    """Whether a plain page can run it; otherwise a managed browser or the desk agent."""


def touches(portal: Portal, directories: Sequence[Directory]) -> tuple[Asked, ...]:
    """The touches of somebody whom all of these directories serve, in their order.

    Args:
        directories: those of the request that are in service; none for a key of our own alone.
    """
    rp_id = portal.settings.rp_id
    importing = [one for one in directories if one.type in IMPORTING]
    issuing = [
        (one, registry.relying_party(one.type.value, one.settings))
        for one in directories
        if one.type not in IMPORTING
    ]
    shared = [one for one, party in issuing if party.id == rp_id]
    found = []
    if not shared and (importing or not directories):
        found.append(_own(portal, importing))
    for number, one in enumerate(shared):
        opens = [one, *importing] if number == 0 else [one]
        detail = f"{one.name} issues the challenge for {rp_id}, so the key is ours and theirs."
        found.append(Asked(_title(portal, opens, own=True), Way.SHARED, detail, True))
    for one, party in issuing:
        if one in shared:
            continue
        if party.id:
            in_page, detail = enrols_here(party.id, portal.settings.origins)
        else:
            in_page = False
            detail = f"{one.name} makes its own keys, for a relying party ID of its own."
        found.append(Asked(one.name, Way.FOREIGN, detail, in_page))
    return tuple(found)


def offered(session: Session) -> dict[str, tuple[str, Policy]]:
    """The policies that can be chosen for a request, by what a form calls each: its words, and
    what it is today.
    """
    found = {kind.value: (kind.label, policy) for kind, policy in POLICIES.items()}
    portals = policies.current(session)
    if portals is not None and portals not in POLICIES.values():
        found["portal"] = (f"The portal’s: {portals.name}", portals)
    for group, row in group_policies.ranked(session):
        policy = policies.of_row(row)
        found[f"group-{group.uuid}"] = (f"That of {group.name}: {policy.name}", policy)
    return found


def _own(portal: Portal, importing: Sequence[Directory]) -> Asked:
    detail = f"Made here, for {portal.settings.rp_id}."
    if importing:
        detail += f" Delivered to {' and '.join(one.name for one in importing)} from here."
    return Asked(_title(portal, importing, own=True), Way.IMPORT, detail, True)


def _title(portal: Portal, opens: Sequence[Directory], *, own: bool) -> str:
    names = [portal.settings.rp_name] if own else []
    return ", ".join([*names, *(one.name for one in opens)])
