"""Roles: made, changed, given and taken, and no path upward. On both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from models import AuditEvent, Person, Role, RoleGrant
from services import role_changes, roles
from services.refusal import Refusal
from services.roles import ADMINISTRATOR, ROLES, USER_ADMINISTRATOR, Privilege, privileges
from tests.records import Records

LOW = frozenset({Privilege.VIEW_PEOPLE, Privilege.GRANT_ROLES, Privilege.EDIT_ROLES})


@pytest.fixture
def do(portal):
    """Run something in a transaction; people are named by their given name."""

    def run(act):
        with portal.database.write() as session:
            found = {one.given_name: one for one in session.scalars(select(Person))}
            return act(session, found)

    return run


@pytest.fixture
def house(portal, clock):
    """Ada is the administrator; Low may grant and edit roles, and little else; Bob may nothing."""
    with portal.database.write() as session:
        rows = Records(session, clock)
        for name in ("ada", "low", "bob"):
            rows.person(name, roles=[])
        people = {one.given_name: one for one in session.scalars(select(Person))}
        role_changes.grant(session, people["Ada"], ADMINISTRATOR, actor=None, now=clock())
        low = role_changes.create(
            session, name="Low", description="", privileges=LOW, actor=None, now=clock()
        )
        role_changes.grant(session, people["Low"], low.key, actor=None, now=clock())
        return low.key


@pytest.fixture
def made(do, house, clock):
    """Make a role as Ada; its key."""

    def make(name, *held):
        return do(
            lambda session, people: (
                role_changes.create(
                    session,
                    name=name,
                    description="",
                    privileges=held,
                    actor=people["Ada"],
                    now=clock(),
                ).key
            )
        )

    return make


def refused(code, act):
    with pytest.raises(Refusal) as caught:
        act()
    assert caught.value.code == code


def grant(do, clock, who, key, *, actor):
    return do(
        lambda session, people: role_changes.grant(
            session, people[who], key, actor=people[actor], now=clock()
        )
    )


def revoke(do, clock, who, key, *, actor):
    return do(
        lambda session, people: role_changes.revoke(
            session, people[who], key, actor=people[actor], now=clock()
        )
    )


def edit(do, clock, key, held, *, actor, name="Edited"):
    return do(
        lambda session, people: role_changes.edit(
            session,
            key,
            name=name,
            description="",
            privileges=held,
            actor=people[actor],
            now=clock(),
        )
    )


def may(do, who):
    return do(lambda session, people: privileges(people[who]))


def test_privileges_of_several_roles_add_up(do, made, clock):
    one = made("Eyes", Privilege.VIEW_PEOPLE)
    other = made("Ears", Privilege.VIEW_AUDIT)
    for key in (one, other):
        assert grant(do, clock, "Bob", key, actor="Ada")
    assert may(do, "Bob") == {Privilege.VIEW_PEOPLE, Privilege.VIEW_AUDIT}
    assert not grant(do, clock, "Bob", one, actor="Ada")
    assert revoke(do, clock, "Bob", one, actor="Ada")
    assert may(do, "Bob") == {Privilege.VIEW_AUDIT}


def test_nobody_gives_what_they_do_not_hold(do, made, clock):
    audit = made("Ears", Privilege.VIEW_AUDIT)
    refused("role_exceeds", lambda: grant(do, clock, "Bob", audit, actor="Low"))
    refused("role_exceeds", lambda: grant(do, clock, "Low", ADMINISTRATOR, actor="Low"))
    eyes = made("Eyes", Privilege.VIEW_PEOPLE)
    assert grant(do, clock, "Bob", eyes, actor="Low")


def test_nobody_makes_a_role_that_exceeds_them(do, house, clock):
    refused(
        "role_exceeds",
        lambda: do(
            lambda session, people: role_changes.create(
                session,
                name="Mine",
                description="",
                privileges=LOW | {Privilege.MAKE_LINKS},
                actor=people["Low"],
                now=clock(),
            )
        ),
    )


def test_nobody_widens_their_own_role(do, house, clock):
    refused(
        "role_exceeds",
        lambda: edit(do, clock, house, LOW | {Privilege.MAKE_LINKS}, actor="Low"),
    )
    assert may(do, "Low") == LOW


def test_nobody_narrows_a_role_that_exceeds_them(do, made, clock):
    audit = made("Ears", Privilege.VIEW_AUDIT, Privilege.VIEW_PEOPLE)
    refused("role_exceeds", lambda: edit(do, clock, audit, {Privilege.VIEW_PEOPLE}, actor="Low"))


def test_nobody_changes_a_role_of_somebody_above_them(do, made, clock):
    eyes = made("Eyes", Privilege.VIEW_PEOPLE)
    grant(do, clock, "Ada", eyes, actor="Ada")
    refused("role_held_above", lambda: edit(do, clock, eyes, set(), actor="Low"))
    assert edit(do, clock, eyes, set(), actor="Ada").privileges == frozenset()


def test_nobody_takes_a_role_from_somebody_above_them(do, made, clock):
    eyes = made("Eyes", Privilege.VIEW_PEOPLE)
    grant(do, clock, "Ada", eyes, actor="Ada")
    refused("person_holds_more", lambda: revoke(do, clock, "Ada", eyes, actor="Low"))


def test_a_changed_role_counts_at_once(do, made, clock):
    key = made("Eyes", Privilege.VIEW_PEOPLE)
    grant(do, clock, "Bob", key, actor="Ada")
    edit(do, clock, key, {Privilege.VIEW_AUDIT}, actor="Ada")
    assert may(do, "Bob") == {Privilege.VIEW_AUDIT}


def test_the_last_administrator_stays_one(do, house, clock):
    refused("last_administrator", lambda: revoke(do, clock, "Ada", ADMINISTRATOR, actor="Ada"))
    grant(do, clock, "Bob", ADMINISTRATOR, actor="Ada")
    assert revoke(do, clock, "Ada", ADMINISTRATOR, actor="Ada")
    refused("last_administrator", lambda: revoke(do, clock, "Bob", ADMINISTRATOR, actor="Bob"))


def test_a_suspended_administrator_does_not_count(do, house, clock):
    grant(do, clock, "Bob", ADMINISTRATOR, actor="Ada")

    def suspend(session, people):
        people["Bob"].suspended_at = clock()

    do(suspend)
    assert may(do, "Bob") == frozenset()
    refused("last_administrator", lambda: revoke(do, clock, "Ada", ADMINISTRATOR, actor="Ada"))


def test_two_administrators_cannot_demote_each_other_at_once(portal, do, house, clock):
    grant(do, clock, "Bob", ADMINISTRATOR, actor="Ada")
    start, ended = threading.Barrier(2), []

    def demote(who, actor):
        start.wait(10)
        try:
            ended.append(revoke(do, clock, who, ADMINISTRATOR, actor=actor))
        except Refusal as refusal:
            ended.append(refusal.code)

    threads = [
        threading.Thread(target=demote, args=pair) for pair in (("Ada", "Bob"), ("Bob", "Ada"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with portal.database.read() as session:
        grants = session.scalars(select(RoleGrant).where(RoleGrant.role == ADMINISTRATOR)).all()
    assert len(grants) == 1
    assert ended.count(True) == 1


def test_a_built_in_role_is_neither_changed_nor_ended(do, house, clock):
    refused("role_built_in", lambda: edit(do, clock, USER_ADMINISTRATOR, LOW, actor="Ada"))
    refused(
        "role_built_in",
        lambda: do(
            lambda session, people: role_changes.end(
                session, USER_ADMINISTRATOR, actor=people["Ada"], now=clock()
            )
        ),
    )


def test_a_role_that_somebody_holds_is_not_ended(do, made, clock):
    key = made("Eyes", Privilege.VIEW_PEOPLE)
    grant(do, clock, "Bob", key, actor="Ada")

    def end(session, people):
        return role_changes.end(session, key, actor=people["Ada"], now=clock())

    refused("role_held", lambda: do(end))
    revoke(do, clock, "Bob", key, actor="Ada")
    do(end)
    refused("role_unknown", lambda: grant(do, clock, "Bob", key, actor="Ada"))
    assert made("Eyes", Privilege.VIEW_PEOPLE) != key


@pytest.mark.parametrize("name", ["", "  ", "x" * 65])
def test_a_role_needs_a_name(made, name):
    refused("role_name_missing", lambda: made(name))


@pytest.mark.parametrize("name", ["Low", " lOW ", "view only"])
def test_no_two_roles_have_one_name(made, name):
    refused("role_name_taken", lambda: made(name))


@pytest.mark.parametrize("key", ["nothing", "12345678-1234-1234-1234-123456789abc", ""])
def test_a_role_that_is_not_there_is_said_so(do, house, clock, key):
    refused("role_unknown", lambda: grant(do, clock, "Bob", key, actor="Ada"))


def test_a_privilege_that_is_gone_is_none(do, house):
    def stale(session, people):
        session.scalars(select(Role)).one().privileges = ["people.view", "moon.walk"]

    do(stale)
    assert may(do, "Low") == {Privilege.VIEW_PEOPLE}


def test_every_change_is_in_the_trail_with_before_and_after(portal, do, made, clock):
    key = made("Eyes", Privilege.VIEW_PEOPLE)
    edit(do, clock, key, {Privilege.VIEW_AUDIT}, actor="Ada", name="Ears")
    grant(do, clock, "Bob", key, actor="Ada")
    revoke(do, clock, "Bob", key, actor="Ada")
    with portal.database.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(4)).all()
    revoked, granted, edited, begun = events
    assert [one.tag for one in reversed(events)] == [
        "role.made",
        "role.edited",
        "role.granted",
        "role.revoked",
    ]
    assert begun.detail["after"]["privileges"] == ["people.view"]
    assert edited.detail["before"]["name"] == "Eyes"
    assert edited.detail["after"]["privileges"] == ["audit.view"]
    assert granted.detail["role"] == revoked.detail["role"] == "Ears"


def test_every_built_in_role_has_a_name_and_says_what_it_is_for():
    assert roles.NAMES.keys() == roles.DESCRIPTIONS.keys() == ROLES.keys()


def test_view_only_changes_nothing():
    assert all(one.value.endswith(".view") for one in ROLES[roles.VIEW_ONLY])


def test_only_the_administrator_may_do_everything():
    for name, held in ROLES.items():
        assert (held == frozenset(Privilege)) is (name == ADMINISTRATOR)
        if name != ADMINISTRATOR:
            assert Privilege.EDIT_ROLES not in held
