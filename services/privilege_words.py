"""What each privilege lets somebody do, in plain words and by area: pages and docs read it here."""

from __future__ import annotations

from dataclasses import dataclass

from models import DirectoryType, Person
from services.roles import Action, Privilege, name_of, of_grant, of_type

TYPE_NAMES = {
    DirectoryType.ORY: "Ory",
    DirectoryType.ENTRA: "Entra ID",
    DirectoryType.PINGONE: "PingOne",
}


@dataclass(frozen=True)
class Area:
    """Privileges that are about the same thing."""

    name: str
    privileges: tuple[Privilege, ...]
    note: str = ""


def _connections(type: DirectoryType) -> tuple[Area, dict[Privilege, str]]:
    """The privileges of one type of directory, and a sentence for each."""
    name = TYPE_NAMES[type]
    sentences = {
        Action.VIEW: f"See the {name} connections, their tests and their numbers.",
        Action.CREATE: f"Connect {name} directories, and change what their connecting chose.",
        Action.EDIT: f"Change {name} connections, their secrets, and whom they serve.",
        Action.TEST: f"Test {name} connections.",
        Action.DELETE: f"Delete {name} connections.",
    }
    words = {of_type(action, type): sentence for action, sentence in sentences.items()}
    return Area(f"{name} directories", tuple(words)), words


_PER_TYPE = [_connections(type) for type in DirectoryType]

SENTENCES: dict[Privilege, str] = {
    Privilege.VIEW_OVERVIEW: "See the overview.",
    Privilege.VIEW_PEOPLE: "See everybody, their places, links and roles.",
    Privilege.ADD_PEOPLE: "Add people.",
    Privilege.EDIT_PEOPLE: "Change names and e-mail addresses.",
    Privilege.SUSPEND_PEOPLE: "Suspend people and let them back in; record that somebody has left.",
    Privilege.MAKE_LINKS: "Make, mail and revoke enrolment links.",
    Privilege.LINK_IDENTITIES: "Link people with their records in directories.",
    Privilege.VIEW_GROUPS: "See groups and who is in them.",
    Privilege.EDIT_GROUPS: "Make groups, and change who is in them.",
    Privilege.VIEW_PASSKEYS: "See everybody’s passkeys, and the story of each.",
    Privilege.END_PASSKEYS: "End somebody’s passkey that was reported lost.",
    Privilege.END_SESSIONS: "Sign somebody’s browsers out.",
    Privilege.VIEW_REQUESTS: "See provisioning requests, and who is in them.",
    Privilege.CREATE_REQUESTS: "Make provisioning requests, and change them.",
    Privilege.RUN_REQUESTS: "Carry provisioning requests out: send and print their links, cancel.",
    Privilege.DELETE_REQUESTS: "Delete provisioning requests.",
    Privilege.DOWNLOAD: "Download lists.",
    **{privilege: words for _, area in _PER_TYPE for privilege, words in area.items()},
    Privilege.VIEW_DELIVERIES: "See deliveries, and why one is held.",
    Privilege.RETRY_DELIVERIES: "Try a held delivery again.",
    Privilege.VIEW_POLICIES: "See which security keys are accepted.",
    Privilege.EDIT_POLICIES: "Decide which security keys are accepted.",
    Privilege.VIEW_MODELS: "See the models that FIDO metadata knows.",
    Privilege.VIEW_ROLES: "See roles and who holds them.",
    Privilege.EDIT_ROLES: "Create, edit and end roles, within what one may do oneself.",
    Privilege.GRANT_ROLES: "Give and take roles, within what one may do oneself.",
    Privilege.VIEW_AUDIT: "See who did what, and when.",
    Privilege.VIEW_SETTINGS: "See the settings of this deployment, without secrets.",
}
"""One sentence for each privilege."""

AREAS: tuple[Area, ...] = (
    Area("Overview", (Privilege.VIEW_OVERVIEW,)),
    Area(
        "People",
        (
            Privilege.VIEW_PEOPLE,
            Privilege.ADD_PEOPLE,
            Privilege.EDIT_PEOPLE,
            Privilege.SUSPEND_PEOPLE,
            Privilege.MAKE_LINKS,
            Privilege.LINK_IDENTITIES,
            Privilege.END_SESSIONS,
        ),
    ),
    Area("Groups", (Privilege.VIEW_GROUPS, Privilege.EDIT_GROUPS)),
    Area("Passkeys", (Privilege.VIEW_PASSKEYS, Privilege.END_PASSKEYS)),
    Area(
        "Provisioning",
        (
            Privilege.VIEW_REQUESTS,
            Privilege.CREATE_REQUESTS,
            Privilege.RUN_REQUESTS,
            Privilege.DELETE_REQUESTS,
        ),
        "A provisioning request is an order to enrol keys for named people.",
    ),
    *(area for area, _ in _PER_TYPE),
    Area("Policies", (Privilege.VIEW_POLICIES, Privilege.EDIT_POLICIES)),
    Area("Models", (Privilege.VIEW_MODELS,)),
    Area("Deliveries", (Privilege.VIEW_DELIVERIES, Privilege.RETRY_DELIVERIES)),
    Area("Lists", (Privilege.DOWNLOAD,)),
    Area("Roles", (Privilege.VIEW_ROLES, Privilege.EDIT_ROLES, Privilege.GRANT_ROLES)),
    Area("Audit", (Privilege.VIEW_AUDIT,)),
    Area("Settings", (Privilege.VIEW_SETTINGS,)),
)
"""Every privilege, in the order of the pages."""


def in_words(held: frozenset[Privilege]) -> list[str]:
    """What is held, an area each, as "People: everything" or "Groups: view"."""
    found = []
    for area in AREAS:
        some = [one for one in area.privileges if one in held]
        if len(some) == len(area.privileges) > 1:
            found.append(f"{area.name}: everything")
        elif some:
            found.append(f"{area.name}: {', '.join(_verb(one) for one in some)}")
    return found


def by_role(person: Person) -> dict[Privilege, list[str]]:
    """Everything that the person's roles hold, with the names of the roles that hold it."""
    found: dict[Privilege, list[str]] = {}
    for name, held in sorted((name_of(grant), of_grant(grant)) for grant in person.roles):
        for privilege in held:
            found.setdefault(privilege, []).append(name)
    return found


def _verb(privilege: Privilege) -> str:
    return privilege.value.partition(".")[2]
