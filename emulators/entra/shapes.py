"""The kinds of objects in the directory, and what may be asked of each (entra.md 3 [D])."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A type of directory objects.

    Args:
        name: as in `#microsoft.graph.<name>`.
        properties: the text properties.
        flags: the boolean properties.
        others: the rest, which cannot be filtered here.
        default: what is shown without `$select`.
        filtered: what `$filter` takes.
        searched: what `$search` takes.
        ordered: what `$orderby` takes.
    """

    name: str
    properties: frozenset[str]
    flags: frozenset[str]
    others: frozenset[str]
    default: tuple[str, ...]
    filtered: frozenset[str]
    searched: frozenset[str] = frozenset()
    ordered: frozenset[str] = frozenset()

    @property
    def known(self) -> frozenset[str]:
        """Every property."""
        return self.properties | self.flags | self.others


# The default set lacks accountEnabled and userType (entra.md 3 [D S26]).
USER = Shape(
    "user",
    properties=frozenset(
        {
            "id", "city", "companyName", "country", "createdDateTime", "department", "displayName",
            "employeeId", "employeeType", "externalUserState", "givenName", "jobTitle", "mail",
            "mailNickname", "mobilePhone", "officeLocation", "onPremisesImmutableId",
            "onPremisesSamAccountName", "onPremisesUserPrincipalName", "preferredLanguage",
            "securityIdentifier", "signInSessionsValidFromDateTime", "surname", "usageLocation",
            "userPrincipalName", "userType", "deletedDateTime",
        }
    ),
    flags=frozenset({"accountEnabled", "onPremisesSyncEnabled"}),
    others=frozenset(
        {"assignedLicenses", "businessPhones", "identities", "otherMails", "proxyAddresses"}
    ),
    default=(
        "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
        "officeLocation", "preferredLanguage", "surname", "userPrincipalName", "id",
    ),
    filtered=frozenset(
        {
            "id", "accountEnabled", "city", "companyName", "country", "createdDateTime",
            "department", "displayName", "employeeId", "employeeType", "externalUserState",
            "givenName", "jobTitle", "mail", "mailNickname", "onPremisesImmutableId",
            "onPremisesSamAccountName", "onPremisesSyncEnabled", "surname", "usageLocation",
            "userPrincipalName", "userType",
        }
    ),
    searched=frozenset(
        {"displayName", "givenName", "mail", "mailNickname", "surname", "userPrincipalName"}
    ),
    ordered=frozenset({"displayName", "userPrincipalName", "createdDateTime"}),
)  # fmt: skip

GROUP = Shape(
    "group",
    properties=frozenset(
        {
            "id", "classification", "createdDateTime", "description", "displayName", "mail",
            "mailNickname", "membershipRule", "securityIdentifier", "visibility",
            "deletedDateTime",
        }
    ),
    flags=frozenset(
        {"isAssignableToRole", "mailEnabled", "onPremisesSyncEnabled", "securityEnabled"}
    ),
    others=frozenset({"groupTypes"}),
    default=(
        "id", "createdDateTime", "description", "displayName", "groupTypes",
        "isAssignableToRole", "mail", "mailEnabled", "mailNickname", "membershipRule",
        "onPremisesSyncEnabled", "securityEnabled", "securityIdentifier", "visibility",
    ),
    filtered=frozenset(
        {
            "id", "createdDateTime", "displayName", "isAssignableToRole", "mail", "mailEnabled",
            "mailNickname", "onPremisesSyncEnabled", "securityEnabled",
        }
    ),
    searched=frozenset({"description", "displayName", "mail", "mailNickname"}),
    ordered=frozenset({"displayName", "createdDateTime"}),
)  # fmt: skip

SERVICE_PRINCIPAL = Shape(
    "servicePrincipal",
    properties=frozenset(
        {"id", "appDisplayName", "appId", "displayName", "servicePrincipalType"}
    ),
    flags=frozenset({"accountEnabled", "appRoleAssignmentRequired"}),
    others=frozenset(),
    default=(
        "id", "accountEnabled", "appDisplayName", "appId", "appRoleAssignmentRequired",
        "displayName", "servicePrincipalType",
    ),
    filtered=frozenset({"id", "appId", "displayName"}),
)  # fmt: skip

ASSIGNMENT = Shape(
    "appRoleAssignment",
    properties=frozenset(
        {
            "id", "appRoleId", "createdDateTime", "principalDisplayName", "principalId",
            "principalType", "resourceDisplayName", "resourceId", "deletedDateTime",
        }
    ),
    flags=frozenset(),
    others=frozenset(),
    default=(
        "id", "deletedDateTime", "appRoleId", "createdDateTime", "principalDisplayName",
        "principalId", "principalType", "resourceDisplayName", "resourceId",
    ),
    filtered=frozenset({"principalId"}),
)  # fmt: skip

ORGANIZATION = Shape(
    "organization",
    properties=frozenset(
        {"id", "countryLetterCode", "createdDateTime", "displayName", "tenantType"}
    ),
    flags=frozenset({"onPremisesSyncEnabled"}),
    others=frozenset({"verifiedDomains"}),
    default=(
        "id", "countryLetterCode", "createdDateTime", "displayName", "onPremisesSyncEnabled",
        "tenantType", "verifiedDomains",
    ),
    filtered=frozenset(),
)  # fmt: skip
