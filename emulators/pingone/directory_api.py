"""Users, populations and groups (pingone.md 2, [D GRP])."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from emulators.pingone import users, wire
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.errors import not_found
from emulators.pingone.filters import Grammar
from emulators.pingone.gate import Reach, enter, seen_user
from emulators.pingone.lists import paged

LOCK = "application/vnd.pingidentity.account.lock+json"
UNLOCK = "application/vnd.pingidentity.account.unlock+json"
BOTH = ("eq", "sw")
# pingone.md 2 [D SCIM, old page] and [C SDK].
USER_FILTER = {
    "username": BOTH,
    "name.family": BOTH,
    "name.given": BOTH,
    "email": BOTH,
    "mobilePhone": BOTH,
    "population.id": ("eq",),
    "memberOfGroups[id]": ("eq",),
}
WIDE = ("eq", "sw", "ew", "co")
# [D SCIM2]: the newer page has ew and co for these.
NEWER_USER_FILTER = USER_FILTER | {"name.family": WIDE, "name.given": WIDE, "email": WIDE}
# [D GRP] read-all-groups.
GROUP_FILTER = {
    "name": BOTH,
    "externalId": BOTH,
    "displayName": BOTH,
    "id": ("eq",),
    "population.id": ("eq",),
    "sourceId": ("eq",),
}
# pingone.md 2 [C SDK]: id and name only; the operators are those of [D QPR].
POPULATION_FILTER = {"id": ("eq",), "name": ("sw",)}


def directory_api(ping: PingOne) -> Blueprint:
    """The routes below an environment."""
    routes = Blueprint("directory", __name__)

    def grammar(attributes: Mapping[str, tuple[str, ...]]) -> Grammar:
        return Grammar(attributes, folded=ping.variants["filter_case"] == "insensitive")

    @routes.get("/users")
    def index(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:user")
        newer = ping.variants["filter_operators"] == "new page"
        seen = (one for one in ping.of(reach.id, "user") if reach.covers(one))
        return jsonify(
            paged(
                ping,
                "users",
                seen,
                grammar=grammar(NEWER_USER_FILTER if newer else USER_FILTER),
                view=lambda user: users.view(ping, user),
            )
        )

    @routes.post("/users")
    def create(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "write:user")
        imported = wire.media(wire.JSON, users.IMPORT) == users.IMPORT
        given = wire.body(wire.JSON, users.IMPORT)
        user = users.create(ping, reach, given, imported=imported)
        return jsonify(users.view(ping, user)), 201

    @routes.get("/users/<user_id>")
    def show(environment_id: str, user_id: str) -> ResponseReturnValue:
        user = seen_user(ping, enter(ping, environment_id, "read:user"), user_id)
        include = tuple(request.args.get("include", "").split(","))
        return jsonify(users.view(ping, user, include=include))

    @routes.route("/users/<user_id>", methods=["PUT", "PATCH"])
    def change(environment_id: str, user_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "write:user")
        user = seen_user(ping, reach, user_id)
        changed = users.update(ping, reach, user, wire.body(), whole=request.method == "PUT")
        return jsonify(users.view(ping, changed))

    @routes.delete("/users/<user_id>")
    def delete(environment_id: str, user_id: str) -> ResponseReturnValue:
        users.remove(ping, seen_user(ping, enter(ping, environment_id, "write:user"), user_id))
        return Response(status=204)

    @routes.post("/users/<user_id>")
    def lock(environment_id: str, user_id: str) -> ResponseReturnValue:
        user = seen_user(ping, enter(ping, environment_id, "write:user"), user_id)
        wanted = wire.media(LOCK, UNLOCK) == LOCK
        locked = users.lock(ping, user, locked=wanted, now=ping.now())
        return jsonify(users.view(ping, locked))

    @routes.get("/users/<user_id>/enabled")
    def enabled(environment_id: str, user_id: str) -> ResponseReturnValue:
        user = seen_user(ping, enter(ping, environment_id, "read:user"), user_id)
        return jsonify({"enabled": user["enabled"]})

    @routes.put("/users/<user_id>/enabled")
    def enable(environment_id: str, user_id: str) -> ResponseReturnValue:
        user = seen_user(ping, enter(ping, environment_id, "write:user"), user_id)
        user["enabled"] = wire.flag(wire.body().get("enabled"), "enabled")
        return jsonify({"enabled": users.touch(ping, user)["enabled"]})

    @routes.get("/populations")
    def populations(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:population")
        found = [one for one in ping.of(reach.id, "population") if _within(reach, one)]
        counts = _counted(ping, reach)
        return jsonify(
            paged(
                ping,
                "populations",
                found,
                grammar=grammar(POPULATION_FILTER),
                view=lambda one: _linked(
                    ping, "populations", one | {"userCount": counts.get(one["id"], 0)}
                ),
            )
        )

    @routes.get("/groups")
    def groups(environment_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:group")
        found = (one for one in ping.of(reach.id, "group") if reach.covers(one))
        return jsonify(
            paged(
                ping,
                "groups",
                found,
                grammar=grammar(GROUP_FILTER),
                view=lambda one: _linked(ping, "groups", one),
            )
        )

    @routes.get("/groups/<group_id>")
    def group(environment_id: str, group_id: str) -> ResponseReturnValue:
        reach = enter(ping, environment_id, "read:group")
        found = ping.one(reach.id, "group", group_id)
        if found is None or not reach.covers(found):
            raise not_found()
        return jsonify(_linked(ping, "groups", found))

    return routes


def _within(reach: Reach, population: Document) -> bool:
    return reach.covers({"population": {"id": population["id"]}})


def _counted(ping: PingOne, reach: Reach) -> dict[str, int]:
    counts: dict[str, int] = {}
    for user in ping.of(reach.id, "user"):
        population = user["population"]["id"]
        counts[population] = counts.get(population, 0) + 1
    return counts


def _linked(ping: PingOne, kind: str, document: Document) -> Document:
    here = f"{ping.api}/environments/{document['environment']['id']}"
    links = {"self": {"href": f"{here}/{kind}/{document['id']}"}, "environment": {"href": here}}
    return {"_links": links, **document}
