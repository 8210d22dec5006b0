"""Which of some groups a user is in (learn.microsoft.com/graph/api/user-checkmembergroups [D])."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from emulators.entra import bodies, permissions
from emulators.entra.emulator import Entra
from emulators.entra.errors import bad_request
from emulators.entra.gate import answer, require

MOST = 20


def memberships_api(entra: Entra, version: str) -> Blueprint:
    """The route of one version."""
    routes = Blueprint(f"memberships_{version.replace('.', '_')}", __name__)

    @routes.post("/users/<user_key>/checkMemberGroups")
    def check(user_key: str) -> ResponseReturnValue:
        """Nested groups count; it needs both permissions, and takes 20 groups at most."""
        require(permissions.LIST_USERS)
        require(permissions.GROUPS)
        asked = bodies.only(bodies.read(), ("groupIds",), "checkMemberGroups").get("groupIds")
        if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
            raise bad_request("'groupIds' is no list of texts.", code="BadRequest")
        if len(asked) > MOST:
            raise bad_request(f"At most {MOST} groups can be checked.", code="BadRequest")
        user_id = entra.directory.user(user_key)["id"]
        value = [one for one in asked if entra.directory.is_member(user_id, one.lower())]
        context = f"{request.host_url}{version}/$metadata#Collection(Edm.String)"
        return answer({"@odata.context": context, "value": value})

    return routes
