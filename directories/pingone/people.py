"""Users and groups, found by the filters that PingOne documents (PingOne contract section 2).

Parentheses, `and`, `or`, `eq` and `sw` are what its SCIM filter language offers for these fields
(docs.pingidentity.com/pingone/directory/p1_scim_filter_language.html).
"""

from __future__ import annotations

from directories.base import (
    DirectoryError,
    Group,
    Misconfigured,
    NotFound,
    Page,
    Refused,
    RemoteIdentity,
)
from directories.pingone import documents
from directories.pingone.api import PAGE_SIZE, PingOneApi

LONGEST_QUERY = 200


def quoted(value: str) -> str:
    """A value in a SCIM filter: in quotes, with quotes and backslashes escaped (section 2)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def people_filter(query: str, group: str | None) -> str:
    """The filter that finds users by the beginning of a user name, an address or a name."""
    words = query.split()
    whole = quoted(" ".join(words)[:LONGEST_QUERY])
    found = ""
    if words:
        fields = ("username", "email", "name.given", "name.family")
        parts = [f"{field} sw {whole}" for field in fields]
        if len(words) > 1:
            first, last = quoted(words[0][:LONGEST_QUERY]), quoted(words[-1][:LONGEST_QUERY])
            parts.append(f"(name.given sw {first} and name.family sw {last})")
            parts.append(f"(name.family sw {first} and name.given sw {last})")
        found = " or ".join(parts)
    if group is None:
        return found
    members = f"memberOfGroups[id eq {quoted(group)}]"
    return f"{members} and ({found})" if found else members


def search(
    api: PingOneApi, query: str, cursor: str | None, group: str | None
) -> Page[RemoteIdentity]:
    """One page of users."""
    found, following = api.users(people_filter(query, group), cursor, limit=PAGE_SIZE)
    names = populations(api) if found else {}
    read = (documents.identity(user, names) for user in found)
    return Page(tuple(one for one in read if one is not None), following)


def groups(api: PingOneApi, query: str, cursor: str | None) -> Page[Group]:
    """One page of groups, by the beginning of their name."""
    query = " ".join(query.split())[:LONGEST_QUERY]
    filter = f"name sw {quoted(query)}" if query else ""
    found, following = api.groups(filter, cursor, limit=PAGE_SIZE)
    read = (documents.group(one) for one in found)
    return Page(tuple(one for one in read if one is not None), following)


def find(api: PingOneApi, remote_id: str) -> RemoteIdentity | None:
    """The user with an id; None where there is none in this environment.

    An environment that is not there says "not found" too, so it is asked for itself then
    (section 1.3): a wrong connection must never look as if everybody had been deleted.
    """
    try:
        found = api.user(remote_id)
    except NotFound:
        api.see_environment()
        return None
    return documents.identity(found, {})


def set_enabled(api: PingOneApi, user_id: str, enabled: bool) -> None:
    """Disable or enable a user, and read back that it is so (section 2)."""
    api.set_enabled(user_id, enabled)
    if documents.flag(api.user(user_id), "enabled") is not enabled:
        raise Refused(
            f"PingOne took the change and did not {'enable' if enabled else 'disable'} the user.",
            code="pingone.enabled_kept",
        )


def use_mfa(api: PingOneApi, user_id: str) -> Refused | None:
    """Switch MFA on for a user, unless it is, and read back that it is (section 2).

    While it is off, which is how users are made, PingOne asks nobody for their key.

    Returns:
        What keeps it off; None when it is on.
    """
    said: DirectoryError | None = None
    try:
        if api.mfa_enabled(user_id):
            return None
        api.enable_mfa(user_id)
        if api.mfa_enabled(user_id):
            return None
    except (Refused, Misconfigured) as refusal:
        said = refusal
    return Refused(
        "The key is there, but MFA is not known to be on for this user, so PingOne may not ask for "
        "it. It can be switched on there: Directory, Users, the user, Services, Authentication.",
        code="pingone.mfa_off",
        said=said.said if said else "",
        request_id=said.request_id if said else "",
        status=said.status if said else None,
    )


def populations(api: PingOneApi) -> dict[str, str]:
    """The names of all populations but the default one, by id; none where they cannot be read."""
    try:
        found = api.populations()
    except Misconfigured:
        return {}
    return {
        documents.text(one, "id"): documents.text(one, "name")
        for one in found
        if documents.flag(one, "default") is not True
    }
