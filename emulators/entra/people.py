"""The people of a fresh tenant, the same ones each time."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

DOMAIN = "birchwood.example"
INITIAL_DOMAIN = "birchwood.onmicrosoft.example"
NAMESPACE = uuid.UUID("3e8a1e0c-6f0a-4a53-9f0e-7d9b8c1a2b40")
BEGUN = datetime(2021, 3, 1, 8, 0, tzinfo=UTC)

GIVEN = (
    "Amelia", "Bashir", "Chloé", "Dmitri", "Elif", "Fergus", "Grace", "Hiroshi", "Ingrid",
    "Jamal", "Kim", "Liam", "Mei", "Nadia", "Oluwaseun", "Priya", "Quentin", "Rosa", "Søren",
    "Thandiwe", "Ursula", "Viktor", "Wanjiru", "Xavier", "Yusuf", "Zofia", "Anna-Maria",
    "Björn", "Conor", "Deirdre", "Esperanza", "François", "Giulia", "Henry", "Isla", "Joan",
    "Kateryna", "Lucía", "Matthew",
)  # fmt: skip
FAMILY = (
    "O'Hara", "Abbott", "Bianchi", "Chukwu", "D'Angelo", "Eriksson", "Fischer", "García",
    "Haddad", "Ivanova", "Jankowski", "Kowalczyk", "Lindqvist", "MacLeod", "Nguyen", "O'Brien",
    "Patel", "Quinn", "Rasmussen", "Schäfer", "Tanaka", "Underwood", "van der Berg", "Wójcik",
    "Xu", "Yamamoto", "Zimmermann", "Ångström", "Baptiste", "Castillo", "Dlamini", "El-Sayed",
    "Fitzgerald", "Grünwald", "Hopkins", "Ito", "Jensen", "Kaplan", "L'Estrange", "Moreau",
    "Novák",
)  # fmt: skip
DEPARTMENTS = (
    "Finance", "Facilities", "Legal", "Research", "Manufacturing", "Sales", "Support",
    "Information Technology",
)  # fmt: skip
TITLES = ("Analyst", "Engineer", "Lead", "Specialist", "Manager", "Technician")
OFFICES = (("Ghent", "BE"), ("Galway", "IE"), ("Gdańsk", "PL"), ("Austin", "US"), ("Osaka", "JP"))


def identifier(*names: object) -> str:
    """An object id that is the same each time."""
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, names))))


def people(count: int) -> Iterator[dict[str, Any]]:
    """That many users: members, and every 29th a guest.

    Among them are disabled ones, some without mail, two who share one mail, two who share one
    name, and one whose user principal name is longer than 64 characters (entra.md 7 item 5).
    """
    for number in range(count):
        user = _guest(number) if number % 29 == 28 else _member(number)
        if number == 5:
            user |= {"displayName": "Grace Fischer", "givenName": "Grace", "surname": "Fischer"}
        yield user


def _member(number: int) -> dict[str, Any]:
    given, family = _name(number)
    department = DEPARTMENTS[number % len(DEPARTMENTS)]
    city, country = OFFICES[number % len(OFFICES)]
    local = f"{_ascii(given)}.{_ascii(family)}"
    if number >= len(GIVEN) * len(FAMILY):
        local += str(number)
    if number == 40:
        local = "the.office.of.the.general.secretary.and.of.the.board.of.directors"
    mail: str | None = f"{local}@{DOMAIN}"
    if number % 23 == 11:
        mail = None
    elif number == 9:
        mail = _member(8)["mail"]
    return _user(
        number,
        displayName=f"{given} {family}",
        givenName=given,
        surname=family,
        userPrincipalName=f"{local}@{DOMAIN}",
        mailNickname=local,
        mail=mail,
        proxyAddresses=[f"SMTP:{mail}"] if mail else [],
        accountEnabled=number % 17 != 13,
        userType="Member",
        department=department,
        jobTitle=f"{department} {TITLES[number % len(TITLES)]}",
        officeLocation=city,
        city=city,
        country=country,
        usageLocation=country,
        employeeId=f"{100000 + number}",
        onPremisesSyncEnabled=True if number % 3 == 0 else None,
        onPremisesSamAccountName=local[:20] if number % 3 == 0 else None,
    )


def _guest(number: int) -> dict[str, Any]:
    """entra.md 3: a guest's user principal name contains `#EXT#`."""
    given, family = _name(number)
    mail = f"{_ascii(given)}.{_ascii(family)}@partner.example"
    local = f"{mail.replace('@', '_')}#EXT#"
    return _user(
        number,
        displayName=f"{given} {family}",
        givenName=given,
        surname=family,
        userPrincipalName=f"{local}@{INITIAL_DOMAIN}",
        mailNickname=local,
        mail=mail,
        otherMails=[mail],
        accountEnabled=True,
        userType="Guest",
        externalUserState="Accepted",
        companyName="Partner",
    )


def _user(number: int, **properties: Any) -> dict[str, Any]:
    created = BEGUN + timedelta(hours=17 * number)
    return {
        "id": identifier("user", number),
        "businessPhones": [],
        "otherMails": [],
        "createdDateTime": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        **properties,
    }


def _name(number: int) -> tuple[str, str]:
    """Pairs that do not repeat before every one was used: 39 and 41 share no divisor."""
    return GIVEN[number % len(GIVEN)], FAMILY[number * 7 % len(FAMILY)]


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o")).encode("ascii", "ignore")
    return "".join(sign for sign in plain.decode().lower() if sign.isalnum() or sign == "-")
