"""The application permissions that each need is met by, the least first.

Entra contract section 6, with sections 2.1, 2.4, 4 and 5. Names are those in a token's `roles`.
"""

from __future__ import annotations

from typing import Final

USERS: Final = (
    "User.Read.All",
    "User.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
GROUPS: Final = (
    "GroupMember.Read.All",
    "Group.Read.All",
    "Group.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
)
PASSKEYS: Final = ("UserAuthMethod-Passkey.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All")
PASSKEYS_READ: Final = (
    "UserAuthMethod-Passkey.Read.All",
    *PASSKEYS,
    "UserAuthenticationMethod.Read.All",
)
POLICY: Final = ("Policy.Read.AuthenticationMethod", "Policy.Read.All")
ORGANIZATION: Final = ("Organization.Read.All", "Directory.Read.All")
ASSIGNMENTS: Final = ("Application.Read.All", "Directory.Read.All")
METHODS: Final = ("UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All")
PASSES: Final = ("UserAuthenticationMethod.ReadWrite.All",)
SESSIONS: Final = ("User.RevokeSessions.All", "User.ReadWrite.All")

NEEDED: Final = (USERS, GROUPS, PASSKEYS)
"""Without one of each, people cannot be listed or given keys."""

USEFUL: Final = frozenset(
    {
        "User.Read.All",
        "GroupMember.Read.All",
        "Group.Read.All",
        "Directory.Read.All",
        *PASSKEYS_READ,
        *POLICY,
        *ORGANIZATION,
        *ASSIGNMENTS,
        *SESSIONS,
    }
)
"""What something here is done with. Everything else in a token is more than is needed."""
