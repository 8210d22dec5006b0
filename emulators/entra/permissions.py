"""Which application permissions each call accepts (entra.md 2, 3, 5, 6)."""

from __future__ import annotations

Accepted = frozenset[str]

LIST_USERS: Accepted = frozenset(
    {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
)
"""entra.md 6 [D S26]."""
GROUPS: Accepted = frozenset(
    {"GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All"}
)
"""entra.md 6 [D S29]."""
HIDDEN_MEMBERS: Accepted = frozenset({"Member.Read.Hidden"})
"""entra.md 3 [D S29]."""
ORGANIZATION: Accepted = frozenset({"Organization.Read.All", "Directory.Read.All"})
"""entra.md 6 step 3 [I]."""
ASSIGNMENTS: Accepted = frozenset({"Application.Read.All", "Directory.Read.All"})
"""entra.md 6 [I]."""
WIDE = "UserAuthenticationMethod.ReadWrite.All"
PASSKEYS_WRITE: Accepted = frozenset({"UserAuthMethod-Passkey.ReadWrite.All", WIDE})
"""entra.md 2.1, 2.3, 6 [D S2 S4]."""
PASSKEYS_READ: Accepted = PASSKEYS_WRITE | {
    "UserAuthMethod-Passkey.Read.All",
    "UserAuthenticationMethod.Read.All",
}
"""entra.md 2.4 [D S22]."""
METHODS_READ: Accepted = frozenset({"UserAuthenticationMethod.Read.All", WIDE})
"""entra.md 5."""
PASSES: Accepted = frozenset({WIDE})
"""entra.md 5, 6 [D S36]."""
POLICY: Accepted = frozenset({"Policy.Read.AuthenticationMethod", "Policy.Read.All"})
"""entra.md 4, 6 [O S33]."""
WRITE_USERS: Accepted = frozenset({"User.ReadWrite.All"})
"""entra.md 5 [D S37]."""
END_SESSIONS: Accepted = WRITE_USERS | {"User.RevokeSessions.All"}
"""entra.md 5 [D S37] [O]."""
