"""The tenant's objects: users, groups and their members, assignments (entra.md 3)."""

from __future__ import annotations

import uuid
from typing import Any

from emulators.entra.errors import not_found
from emulators.entra.groups import assignments, groups
from emulators.entra.people import identifier, people
from emulators.kit.store import Store

Thing = dict[str, Any]


class Directory:
    """Reads and writes the objects.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def fill(self, count: int, application: Thing) -> None:
        """Put the people, groups and assignments of a fresh tenant into an empty store."""
        users = list(people(count))
        for user in users:
            self._store.put("user", user["id"], user)
        for group in groups(users):
            self._store.put("group", group["id"], group)
        for principal in (
            _principal(application["object_id"], application["client_id"], "Latchkey"),
            _principal(identifier("servicePrincipal", "Payroll"), identifier("app"), "Payroll"),
        ):
            self._store.put("servicePrincipal", principal["id"], principal)
        for assignment in assignments(users, application):
            self._store.put("assignment", assignment["id"], assignment)

    def users(self) -> list[Thing]:
        """Every user."""
        return list(self._store.all("user"))

    def user(self, key: str) -> Thing:
        """A user by object id or user principal name (entra.md 3 [C]).

        Raises:
            GraphError: 404.
        """
        found = self._store.get("user", key.lower())
        if found is None and not _is_guid(key):
            name = key.casefold()
            found = next(
                (u for u in self.users() if u["userPrincipalName"].casefold() == name), None
            )
        if found is None:
            raise not_found(key)
        return found

    def write_user(self, user: Thing) -> None:
        """Add a user, or write one anew."""
        self._store.put("user", user["id"], user)

    def remove_user(self, user_id: str) -> None:
        """Remove a user, their memberships and assignments."""
        self._store.delete("user", user_id)
        for group in self.groups():
            left = [member for member in group["members"] if member["id"] != user_id]
            if left != group["members"]:
                self.write_group(group | {"members": left})
        for assignment_id, assignment in self._store.items("assignment"):
            if assignment["principalId"] == user_id:
                self._store.delete("assignment", assignment_id)

    def groups(self) -> list[Thing]:
        """Every group."""
        return list(self._store.all("group"))

    def group(self, group_id: str) -> Thing:
        """A group.

        Raises:
            GraphError: 404.
        """
        found = self._store.get("group", group_id.lower())
        if found is None:
            raise not_found(group_id)
        return found

    def write_group(self, group: Thing) -> None:
        """Add a group, or write one anew."""
        self._store.put("group", group["id"], group)

    def members(self, group_id: str, *, transitive: bool) -> list[tuple[str, Thing]]:
        """The members of a group with their types, each once.

        Args:
            group_id: which.
            transitive: with the members of the groups in it, at any depth.
        """
        seen: dict[str, str] = {}
        waiting = [group_id]
        walked: set[str] = set()
        while waiting:
            here = waiting.pop(0)
            if here in walked:
                continue
            walked.add(here)
            for member in self.group(here)["members"]:
                seen.setdefault(member["id"], member["type"])
                if transitive and member["type"] == "group":
                    waiting.append(member["id"])
        found = ((kind, self._store.get(kind, key)) for key, kind in seen.items())
        return [(kind, thing) for kind, thing in found if thing is not None]

    def is_member(self, user_id: str, group_id: str) -> bool:
        """Whether a user is in a group, at any depth."""
        if self._store.get("group", group_id) is None:
            return False
        return any(thing["id"] == user_id for _, thing in self.members(group_id, transitive=True))

    def service_principal(self, *, app_id: str = "", object_id: str = "") -> Thing:
        """A service principal.

        Raises:
            GraphError: 404.
        """
        for found in self._store.all("servicePrincipal"):
            if app_id.lower() == found["appId"] or object_id.lower() == found["id"]:
                return found
        raise not_found(app_id or object_id)

    def assignments(self, resource_id: str) -> list[Thing]:
        """Who and what is assigned to an application."""
        kept = self._store.all("assignment")
        return [assignment for assignment in kept if assignment["resourceId"] == resource_id]

    def assign(self, kind: str, principal_id: str, name: str, resource: Thing) -> None:
        """Assign a "User" or "Group" to an application."""
        assignment = {
            "id": str(uuid.uuid4()),
            "appRoleId": str(uuid.UUID(int=0)),
            "createdDateTime": "2026-01-01T00:00:00Z",
            "principalType": kind,
            "principalId": principal_id,
            "principalDisplayName": name,
            "resourceId": resource["id"],
            "resourceDisplayName": resource["displayName"],
        }
        self._store.put("assignment", assignment["id"], assignment)


def _principal(object_id: str, app_id: str, name: str) -> Thing:
    return {
        "id": object_id,
        "appId": app_id,
        "displayName": name,
        "appDisplayName": name,
        "accountEnabled": True,
        "appRoleAssignmentRequired": False,
        "servicePrincipalType": "Application",
    }


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
