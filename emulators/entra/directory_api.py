"""Graph's users, groups, service principals and organization (entra.md 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from emulators.entra import permissions, queries
from emulators.entra.emulator import Entra
from emulators.entra.errors import denied, unsupported_query
from emulators.entra.gate import answer, holds, require
from emulators.entra.shapes import (
    ASSIGNMENT,
    GROUP,
    ORGANIZATION,
    SERVICE_PRINCIPAL,
    USER,
    Shape,
)

SHAPES = {"user": USER, "group": GROUP, "servicePrincipal": SERVICE_PRINCIPAL}
Thing = dict[str, Any]


def directory_api(entra: Entra, version: str) -> Blueprint:
    """The routes of one version."""
    routes = Blueprint(f"directory_{version.replace('.', '_')}", __name__)

    def begin() -> str:
        return f"{request.host_url}{version}"

    def collection(
        shape: Shape, things: list[Thing], context: str, *, cast: bool = False
    ) -> Response:
        query = queries.read(shape, entra.variants, cast=cast)
        return answer(queries.page(query, things, context=context, begin=begin()))

    def single(shape: Shape, thing: Thing, context: str) -> Response:
        names = queries.select(shape)
        shown = {name: thing.get(name) for name in names}
        return answer({"@odata.context": f"{begin()}/$metadata#{context}/$entity", **shown})

    def number(shape: Shape, things: list[Thing]) -> Response:
        """`/$count` is text/plain and one of the advanced queries (entra.md 3 [D S26])."""
        if not queries.is_advanced():
            raise unsupported_query("$count needs 'ConsistencyLevel: eventual'.")
        query = queries.read(shape, entra.variants)
        return Response(str(len(query.choose(things))), mimetype="text/plain")

    @routes.get("/users")
    def users() -> ResponseReturnValue:
        require(permissions.LIST_USERS)
        return collection(USER, entra.directory.users(), "users")

    @routes.get("/users/$count")
    def users_count() -> ResponseReturnValue:
        require(permissions.LIST_USERS)
        return number(USER, entra.directory.users())

    @routes.get("/users/<user_key>")
    def user(user_key: str) -> ResponseReturnValue:
        require(permissions.LIST_USERS)
        return single(USER, entra.directory.user(user_key), "users")

    @routes.get("/groups")
    def groups() -> ResponseReturnValue:
        require(permissions.GROUPS)
        return collection(GROUP, entra.directory.groups(), "groups")

    @routes.get("/groups/$count")
    def groups_count() -> ResponseReturnValue:
        require(permissions.GROUPS)
        return number(GROUP, entra.directory.groups())

    @routes.get("/groups/<group_id>")
    def group(group_id: str) -> ResponseReturnValue:
        require(permissions.GROUPS)
        return single(GROUP, entra.directory.group(group_id), "groups")

    def member_routes(name: str, *, transitive: bool) -> None:
        @routes.get(f"/groups/<group_id>/{name}", endpoint=name)
        def every(group_id: str) -> ResponseReturnValue:
            return members(group_id, transitive)

        @routes.get(f"/groups/<group_id>/{name}/microsoft.graph.user", endpoint=f"{name}_users")
        def users_only(group_id: str) -> ResponseReturnValue:
            found = _members(entra, group_id, transitive=transitive)
            things = [_limited(thing) for kind, thing in found if kind == "user"]
            return collection(USER, things, "users", cast=True)

    def members(group_id: str, transitive: bool) -> Response:
        """All kinds of objects, each with its `@odata.type`."""
        found = _members(entra, group_id, transitive=transitive)
        kinds = {thing["id"]: kind for kind, thing in found}
        query = queries.read(USER, entra.variants)
        things = [_limited(thing) for _, thing in found]
        body = queries.page(query, things, context="directoryObjects", begin=begin())
        body["value"] = [
            {"@odata.type": f"#microsoft.graph.{kinds[thing_id]}", **shown}
            for shown, thing_id in _typed(query, things, kinds)
        ]
        return answer(body)

    member_routes("members", transitive=False)
    member_routes("transitiveMembers", transitive=True)

    @routes.get("/servicePrincipals(appId='<app_id>')")
    def service_principal(app_id: str) -> ResponseReturnValue:
        require(permissions.ASSIGNMENTS)
        found = entra.directory.service_principal(app_id=app_id)
        return single(SERVICE_PRINCIPAL, found, "servicePrincipals")

    def assigned(find: Callable[[], Thing]) -> Response:
        require(permissions.ASSIGNMENTS)
        things = entra.directory.assignments(find()["id"])
        return collection(ASSIGNMENT, things, "appRoleAssignments")

    @routes.get("/servicePrincipals(appId='<app_id>')/appRoleAssignedTo")
    def assigned_by_app(app_id: str) -> ResponseReturnValue:
        return assigned(lambda: entra.directory.service_principal(app_id=app_id))

    @routes.get("/servicePrincipals/<object_id>/appRoleAssignedTo")
    def assigned_by_id(object_id: str) -> ResponseReturnValue:
        return assigned(lambda: entra.directory.service_principal(object_id=object_id))

    @routes.get("/organization")
    def organization() -> ResponseReturnValue:
        require(permissions.ORGANIZATION)
        return collection(ORGANIZATION, [entra.organization()], "organization")

    return routes


def _members(entra: Entra, group_id: str, *, transitive: bool) -> list[tuple[str, Thing]]:
    """A group's members; hidden ones need a permission of their own (entra.md 3 [D S29])."""
    require(permissions.GROUPS)
    group = entra.directory.group(group_id)
    if group["visibility"] == "HiddenMembership" and not holds(permissions.HIDDEN_MEMBERS):
        if entra.variants["hidden_membership"] == "refused":
            raise denied()
        return []
    return entra.directory.members(group["id"], transitive=transitive)


def _limited(thing: Thing) -> Thing:
    """Without the permission to read users only the id comes back (entra.md 3 [D S29])."""
    return thing if holds(permissions.LIST_USERS) else {"id": thing["id"]}


def _typed(
    query: queries.Query, things: list[Thing], kinds: dict[str, str]
) -> list[tuple[Thing, str]]:
    """The page's objects by the properties of their own types, with their ids."""
    chosen = query.choose(things)[query.begin : query.begin + query.top]
    found = []
    for thing in chosen:
        shape = SHAPES[kinds[thing["id"]]]
        names = query.select if query.selected else shape.default
        shown = {name: thing.get(name) for name in names if name in shape.known}
        found.append((shown, thing["id"]))
    return found
