"""The people of a fresh organisation: populations, groups, users and some of their devices."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from emulators.pingone import users
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.known import ENVIRONMENT, MADE, known_id

POPULATIONS = ("Employees", "Contractors", "Partners", "Retired")
"""The first is the default one."""
GROUPS = ("Engineering", "Sales", "Operations", "Finance", "Key holders")
POPULATION_GROUP = ("Field staff", "Contractors")
GIVEN = (
    "Ada", "Grace", "Joan", "Alan", "Mary", "Tim", "Radia", "Donald", "Barbara", "Edsger",
    "Frances", "Niklaus", "Hedy", "Konrad", "Katherine", "Dennis", "Margaret", "Ken", "Zoë",
    "Søren",
)  # fmt: skip
FAMILY = (
    "Byron", "Murray", "Clarke", "Mathison", "Somerville", "Berners", "Perlman", "Ervin",
    "Huberman", "Wybe", "Allen", "Wirth", "Kiesler", "Elwood", "Coleman", "Ritchie", "Heafield",
    "Lane", "Müller", "Ørsted",
)  # fmt: skip
# Names that a filter has to quote, people without mail, and an address that three people share.
UNUSUAL: tuple[dict[str, Any], ...] = (
    {
        "username": "siobhan.o'brien",
        "email": "siobhan.o'brien@example.com",
        "name": {"given": "Siobhán", "family": "O'Brien"},
    },
    {
        "username": 'robert."bob".tables',
        "email": "bob.tables@example.com",
        "name": {"given": 'Robert "Bob"', "family": "Tables"},
    },
    {
        "username": "corp\\anne.miller",
        "email": "anne.miller@example.com",
        "name": {"given": "Anne", "family": "Miller"},
    },
    {"username": "kiosk.one"},
    {"username": "kiosk.two"},
    {"username": "desk.employees", "email": "desk@example.com"},
    {"username": "desk.contractors", "email": "desk@example.com", "population": "Contractors"},
    {"username": "desk.partners", "email": "desk@example.com", "population": "Partners"},
)
OTHER_DEVICES: tuple[dict[str, Any], ...] = (
    {"type": "TOTP"},
    {"type": "EMAIL", "email": "someone@example.com"},
    {"type": "SMS", "phone": "+1.5551234567"},
    {"type": "MOBILE", "name": "Phone", "application": {"id": "mobile"}},
)


def add_people(ping: PingOne) -> None:
    """Populations, groups and users."""
    where = {"environment": {"id": ENVIRONMENT}}
    times = {"createdAt": MADE, "updatedAt": MADE}
    for name in POPULATIONS:
        ping.put(
            "population",
            {
                "id": known_id(f"population/{name}"),
                **where,
                "name": name,
                "description": f"The {name.lower()}.",
                "default": name == POPULATIONS[0],
                **times,
            },
        )
    for number, user in enumerate(_users(ping.people)):
        users.write(ping, _completed(user, number) | where | times)
    for name in (*GROUPS, POPULATION_GROUP[0]):
        group_id = known_id(f"group/{name}")
        members = sum(
            {"id": group_id} in user["memberOfGroups"] for user in ping.of(ENVIRONMENT, "user")
        )
        group: Document = {"id": group_id, **where, "name": name, "description": "", **times}
        group["directMemberCounts"] = {"users": members}
        if name == POPULATION_GROUP[0]:
            group["population"] = {"id": known_id(f"population/{POPULATION_GROUP[1]}")}
        ping.put("group", group)


def add_devices(ping: PingOne) -> None:
    """Every sixth person has a key; some have other devices, and one has as many as may be."""
    for number in range(ping.people):
        user_id = known_id(f"user/{number}")
        if number % 6 == 0:
            _device(ping, user_id, f"{number}/key", {"type": "FIDO2"})
        if number % 9 == 0:
            other = OTHER_DEVICES[number // 9 % len(OTHER_DEVICES)]
            _device(ping, user_id, f"{number}/other", other)
    if ping.people > 1:
        for place in range(5):
            more = {"type": "FIDO2", "nickname": f"Key {place + 1}"}
            _device(ping, known_id("user/1"), f"1/full/{place}", more)


def _users(people: int) -> Iterator[Document]:
    for number in range(people):
        given, family = GIVEN[number % len(GIVEN)], FAMILY[(number * 7 // 20) % len(FAMILY)]
        plain = f"{given}.{family}".lower()
        for strange, usual in (("ë", "e"), ("ø", "o"), ("ü", "u")):
            plain = plain.replace(strange, usual)
        population = POPULATIONS[(0, 0, 0, 1, 0, 2, 0, 0, 1, 3)[number % 10]]
        groups = [GROUPS[number % 4]] + (["Key holders"] if number % 6 == 0 else [])
        if population == POPULATION_GROUP[1]:
            groups.append(POPULATION_GROUP[0])
        yield {
            "id": known_id(f"user/{number}"),
            "username": f"{plain}.{number:03}",
            "email": f"{plain}.{number:03}@example.com",
            "name": {"given": given, "family": family},
            "enabled": number % 17 != 16 and population != "Retired",
            "mfaEnabled": number % 3 != 2,
            "population": {"id": known_id(f"population/{population}")},
            "memberOfGroups": [{"id": known_id(f"group/{name}")} for name in groups],
        }
    for fields in UNUSUAL:
        population = fields.get("population", POPULATIONS[0])
        yield {
            "id": known_id(f"user/{fields['username']}"),
            **fields,
            "enabled": True,
            "mfaEnabled": True,
            "population": {"id": known_id(f"population/{population}")},
            "memberOfGroups": [],
        }


def _completed(user: Document, number: int) -> Document:
    enabled = bool(user["enabled"])
    return {
        **user,
        "account": {"canAuthenticate": enabled, "status": "OK"},
        "identityProvider": {"type": "PING_ONE"},
        "lifecycle": {"status": "ACCOUNT_OK"},
        "verifyStatus": "NOT_INITIATED",
        "externalId": f"employee-{number:04}",
    }


def _device(ping: PingOne, user_id: str, key: str, fields: dict[str, Any]) -> None:
    device: Document = {
        "id": known_id(f"device/{key}"),
        "environment": {"id": ENVIRONMENT},
        "user": {"id": user_id},
        "status": "ACTIVE",
        "block": {"status": "UNBLOCKED"},
        "lock": {"status": "UNLOCKED"},
        "createdAt": MADE,
        "updatedAt": MADE,
        "order": 0,
        **fields,
    }
    if fields["type"] == "FIDO2":
        device["displayName"] = "fidoPolicy.deviceDisplayName01"
        device["credential"] = {"id": hashlib.sha256(key.encode()).hexdigest()}
    ping.put("device", device)
