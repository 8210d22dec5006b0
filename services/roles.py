"""Privileges, the roles that hold them, and what a person may do.

A role is built in, or made here out of privileges (`services.role_changes`). Somebody may hold
several: privileges add up. Connections to directories have privileges of their own for each type,
so that whoever looks after one type has nothing to say in another.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from models import DirectoryType, Person, RoleGrant


class Privilege(StrEnum):
    """One thing that someone may do: an area, and what may be done there."""

    VIEW_OVERVIEW = "overview.view"
    VIEW_PEOPLE = "people.view"
    ADD_PEOPLE = "people.add"
    EDIT_PEOPLE = "people.edit"
    SUSPEND_PEOPLE = "people.suspend"
    MAKE_LINKS = "people.links"
    LINK_IDENTITIES = "identities.link"
    VIEW_GROUPS = "groups.view"
    EDIT_GROUPS = "groups.edit"
    VIEW_PASSKEYS = "passkeys.view"
    END_PASSKEYS = "passkeys.end"
    END_SESSIONS = "sessions.end"
    VIEW_REQUESTS = "requests.view"
    CREATE_REQUESTS = "requests.create"
    RUN_REQUESTS = "requests.run"
    DELETE_REQUESTS = "requests.delete"
    DOWNLOAD = "lists.download"
    VIEW_ORY = "ory.view"
    CREATE_ORY = "ory.create"
    EDIT_ORY = "ory.edit"
    TEST_ORY = "ory.test"
    DELETE_ORY = "ory.delete"
    VIEW_ENTRA = "entra.view"
    CREATE_ENTRA = "entra.create"
    EDIT_ENTRA = "entra.edit"
    TEST_ENTRA = "entra.test"
    DELETE_ENTRA = "entra.delete"
    VIEW_PINGONE = "pingone.view"
    CREATE_PINGONE = "pingone.create"
    EDIT_PINGONE = "pingone.edit"
    TEST_PINGONE = "pingone.test"
    DELETE_PINGONE = "pingone.delete"
    VIEW_DELIVERIES = "deliveries.view"
    RETRY_DELIVERIES = "deliveries.retry"
    VIEW_POLICIES = "policies.view"
    EDIT_POLICIES = "policies.edit"
    VIEW_MODELS = "models.view"
    VIEW_ROLES = "roles.view"
    EDIT_ROLES = "roles.edit"
    GRANT_ROLES = "roles.grant"
    VIEW_AUDIT = "audit.view"
    VIEW_SETTINGS = "settings.view"

    @property
    def area(self) -> str:
        """What it is about, as `people`."""
        return self.value.partition(".")[0]


class Action(StrEnum):
    """What may be done with a connection, whatever its type; `of_type` names the privilege."""

    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    TEST = "test"
    DELETE = "delete"


def of_type(action: Action, type: DirectoryType) -> Privilege:
    """The privilege to do something with connections of a type."""
    return Privilege(f"{type.value}.{action.value}")


def of_any_type(action: Action) -> frozenset[Privilege]:
    """The privileges to do it with connections of each type."""
    return frozenset(of_type(action, type) for type in DirectoryType)


ADMINISTRATOR = "administrator"
DEVICE_SERVICE_ADMINISTRATOR = "device_service_administrator"
USER_ADMINISTRATOR = "user_administrator"
VIEW_ONLY = "view_only"

_VIEWS = frozenset(one for one in Privilege if one.value.endswith(".view"))
_CONNECTIONS = frozenset().union(*(of_any_type(action) for action in Action))

ROLES: dict[str, frozenset[Privilege]] = {
    ADMINISTRATOR: frozenset(Privilege),
    DEVICE_SERVICE_ADMINISTRATOR: _CONNECTIONS
    | {
        Privilege.VIEW_OVERVIEW,
        Privilege.VIEW_PEOPLE,
        Privilege.LINK_IDENTITIES,
        Privilege.VIEW_GROUPS,
        Privilege.VIEW_PASSKEYS,
        Privilege.VIEW_REQUESTS,
        Privilege.CREATE_REQUESTS,
        Privilege.RUN_REQUESTS,
        Privilege.DELETE_REQUESTS,
        Privilege.DOWNLOAD,
        Privilege.VIEW_DELIVERIES,
        Privilege.RETRY_DELIVERIES,
        Privilege.VIEW_POLICIES,
        Privilege.EDIT_POLICIES,
        Privilege.VIEW_MODELS,
    },
    USER_ADMINISTRATOR: of_any_type(Action.VIEW)
    | {
        Privilege.VIEW_OVERVIEW,
        Privilege.VIEW_PEOPLE,
        Privilege.ADD_PEOPLE,
        Privilege.EDIT_PEOPLE,
        Privilege.SUSPEND_PEOPLE,
        Privilege.MAKE_LINKS,
        Privilege.LINK_IDENTITIES,
        Privilege.VIEW_GROUPS,
        Privilege.EDIT_GROUPS,
        Privilege.VIEW_PASSKEYS,
        Privilege.END_PASSKEYS,
        Privilege.END_SESSIONS,
        Privilege.VIEW_REQUESTS,
        Privilege.CREATE_REQUESTS,
        Privilege.RUN_REQUESTS,
        Privilege.DOWNLOAD,
        Privilege.VIEW_DELIVERIES,
        Privilege.RETRY_DELIVERIES,
        Privilege.VIEW_POLICIES,
        Privilege.VIEW_MODELS,
        Privilege.VIEW_ROLES,
        Privilege.GRANT_ROLES,
    },
    VIEW_ONLY: _VIEWS,
}
"""The built-in roles. Somebody without a role may still see and use their own passkeys."""

NAMES = {
    ADMINISTRATOR: "Administrator",
    DEVICE_SERVICE_ADMINISTRATOR: "Device Service Administrator",
    USER_ADMINISTRATOR: "User Administrator",
    VIEW_ONLY: "View Only",
}
DESCRIPTIONS = {
    ADMINISTRATOR: "Everything.",
    DEVICE_SERVICE_ADMINISTRATOR: "Directories, deliveries, provisioning requests and policies.",
    USER_ADMINISTRATOR: "People, their links, keys, sessions, groups and roles.",
    VIEW_ONLY: "Sees everything and changes nothing.",
}


def granted(person: Person) -> frozenset[Privilege]:
    """Everything the person's roles hold, added up; suspended or not."""
    held: frozenset[Privilege] = frozenset()
    for grant in person.roles:
        held |= of_grant(grant)
    return held


def of_grant(grant: RoleGrant) -> frozenset[Privilege]:
    """What one granted role holds."""
    built_in = ROLES.get(grant.role)
    if built_in is not None or grant.custom is None:
        return built_in or frozenset()
    return named(grant.custom.privileges)


def name_of(grant: RoleGrant) -> str:
    """What a granted role is called."""
    return grant.custom.name if grant.custom else NAMES.get(grant.role, grant.role)


def named(names: Iterable[str]) -> frozenset[Privilege]:
    """The privileges of these names; a name that no privilege has any more is left out."""
    return frozenset(one for one in Privilege if one.value in set(names))


def privileges(person: Person) -> frozenset[Privilege]:
    """Everything the person may do now; nothing while suspended, or once ended."""
    return granted(person) if person.active else frozenset()


def holds_more(person: Person, actor: Person) -> bool:
    """Whether the person's roles hold anything that the actor may not do.

    Nobody acts on the links, mail address, keys, sessions or roles of such a person. A suspended
    one counts with all their roles: they may come back.
    """
    return not granted(person) <= privileges(actor)


def is_administrator(person: Person) -> bool:
    """Whether the person holds the administrator's role."""
    return any(grant.role == ADMINISTRATOR for grant in person.roles)
