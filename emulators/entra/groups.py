"""The groups of a fresh tenant, and who of it is assigned to the application."""

from __future__ import annotations

from typing import Any

from emulators.entra.people import BEGUN, DEPARTMENTS, DOMAIN, identifier

EVERYBODY_WITH_THE_DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"
Member = dict[str, str]
User = dict[str, Any]


def groups(users: list[User]) -> list[dict[str, Any]]:
    """Departments, a tree of groups above them, and some odd ones.

    "Key pilots" holds two people and the group "Key pilots abroad", which holds two more and a
    service principal; a person who is in both counts once.
    """
    found = [_department(name, users) for name in DEPARTMENTS]
    ids = {group["displayName"]: group["id"] for group in found}
    members = [user for user in users if user["userType"] == "Member"]
    guests = [user for user in users if user["userType"] == "Guest"]
    office = [_group_ref(ids[name]) for name in ("Finance", "Legal", "Sales", "Support")]
    works = [
        _group_ref(ids[name])
        for name in ("Facilities", "Research", "Manufacturing", "Information Technology")
    ]
    found += [
        _group("Offices", "Departments in the offices", office),
        _group("Works", "Departments at the works", works),
        _group(
            "All staff",
            "Everybody who works here",
            [_group_ref(identifier("group", name)) for name in ("Offices", "Works")],
        ),
        _group("Partners", "People of other companies", _user_refs(guests)),
        _group(
            "Key pilots abroad",
            "First to have security keys, outside the head office",
            [
                *_user_refs(members[2:5]),
                {"type": "servicePrincipal", "id": identifier("servicePrincipal", "Payroll")},
            ],
        ),
        _group(
            "Key pilots",
            "First to have security keys",
            [*_user_refs(members[1:3]), _group_ref(identifier("group", "Key pilots abroad"))],
        ),
        _group("Nobody yet", "A group without members", []),
        _group(
            "Works council",
            "Its members are hidden",
            _user_refs(members[6:9]),
            visibility="HiddenMembership",
        ),
        _group(
            "Project Alder",
            "A Microsoft 365 group, which no policy can target",
            _user_refs(members[10:22]),
            groupTypes=["Unified"],
            mail=f"project.alder@{DOMAIN}",
            mailEnabled=True,
            securityEnabled=False,
            visibility="Private",
        ),
    ]
    return found


def assignments(users: list[User], application: dict[str, Any]) -> list[dict[str, Any]]:
    """Two people, a group with a nested one, and a service principal (entra.md 3 [D S30])."""
    members = [user for user in users if user["userType"] == "Member"]
    principals = [("User", user["id"], user["displayName"]) for user in (members[0], members[1])]
    principals += [
        ("Group", identifier("group", "Key pilots"), "Key pilots"),
        ("ServicePrincipal", identifier("servicePrincipal", "Payroll"), "Payroll"),
    ]
    return [
        {
            "id": identifier("assignment", principal),
            "appRoleId": EVERYBODY_WITH_THE_DEFAULT_ROLE,
            "createdDateTime": f"{BEGUN:%Y-%m-%dT%H:%M:%SZ}",
            "principalType": kind,
            "principalId": principal,
            "principalDisplayName": name,
            "resourceId": application["object_id"],
            "resourceDisplayName": application["display_name"],
        }
        for kind, principal, name in principals
    ]


def _department(name: str, users: list[User]) -> dict[str, Any]:
    chosen = [user for user in users if user.get("department") == name]
    return _group(name, f"Everybody in {name}", _user_refs(chosen))


def _group(name: str, description: str, members: list[Member], **more: Any) -> dict[str, Any]:
    return {
        "id": identifier("group", name),
        "displayName": name,
        "description": description,
        "createdDateTime": f"{BEGUN:%Y-%m-%dT%H:%M:%SZ}",
        "groupTypes": [],
        "mail": None,
        "mailEnabled": False,
        "mailNickname": name.lower().replace(" ", "."),
        "securityEnabled": True,
        "visibility": None,
        "members": members,
        **more,
    }


def _user_refs(users: list[User]) -> list[Member]:
    return [{"type": "user", "id": user["id"]} for user in users]


def _group_ref(group_id: str) -> Member:
    return {"type": "group", "id": group_id}
