"""A key for this portal alone, where the directory that shares its relying party has failed."""

from __future__ import annotations

import pytest

from directories.base import Way
from models import AuditEvent, Directory, DirectoryType, EnrolmentStep, LinkPurpose, Person
from services.audit import Tag, record
from services.ceremonies import TROUBLE
from services.enrolment import alone
from services.refusal import Refusal
from tests.services.enrolment.test_steps import PINGONE, SHARED, Scene, places


@pytest.fixture
def scene(portal) -> Scene:
    return Scene(portal)


@pytest.fixture
def ping(scene) -> Directory:
    return scene.directory(DirectoryType.PINGONE, "Ping", SHARED)


def fail(scene, directory, code: str = TROUBLE) -> None:
    """Have the directory begin nothing for Grace."""
    with scene.portal.database.write() as session:
        grace = session.get_one(Person, scene.grace.id)
        place = session.get_one(Directory, directory.id)
        now = scene.portal.now()
        record(session, Tag.PASSKEY_REFUSED, now=now, person=grace, directory=place, code=code)


def offered(scene, own) -> list[bool]:
    with scene.portal.database.read() as session:
        planned = scene.plan(own)
        return [alone.offered(session, planned, one, now=scene.portal.now()) for one in planned]


def choose(scene, own, step) -> None:
    with scene.portal.database.write() as session:
        alone.choose(session, scene.portal, own, step, now=scene.portal.now())


def test_the_directorys_touch_becomes_a_later_step_that_can_be_left(scene, ping):
    scene.directory(DirectoryType.ORY, "Ory")
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, _ = scene.steps(own)
    fail(scene, ping)
    choose(scene, own, first)
    found = scene.steps(own)
    assert places(found) == [None, "Contoso", "Ping"] and found[0].uuid == first.uuid
    planned = scene.plan(own)
    assert (planned[0].touch.way, planned[0].touch.opens) == (Way.IMPORT, ("Ory",))
    assert [one.may_skip for one in planned] == [False, True, False]  # one of them makes our key
    scene.finish(own, found[0])
    assert [one.may_skip for one in scene.plan(own)] == [False, True, True]
    scene.skip(own, found[1])
    scene.skip(own, found[2])
    assert scene.link(own).finished_at is not None
    with scene.portal.database.read() as session:
        told = session.query(AuditEvent).filter_by(tag=Tag.STEP_ALONE.value).one()
    assert (told.person_id, told.directory_id) == (scene.grace.id, ping.id)


def test_it_is_offered_only_once_the_directory_has_failed_and_not_long_after(scene, ping, clock):
    own = scene.begin()
    [step] = scene.steps(own)
    assert offered(scene, own) == [False]
    fail(scene, ping, code="user_not_verified")
    assert offered(scene, own) == [False]
    with pytest.raises(Refusal, match="step_not_alone"):
        choose(scene, own, step)
    fail(scene, ping)
    assert offered(scene, own) == [True]
    clock.forward(hours=1)
    assert offered(scene, own) == [False]


def test_no_step_of_somebody_elses_trouble_or_of_a_foreign_key_becomes_one_of_ours(scene):
    foreign = scene.directory(DirectoryType.PINGONE, "Ping", PINGONE)
    own = scene.begin()
    _, step = scene.steps(own)
    fail(scene, foreign)
    with pytest.raises(Refusal, match="step_not_alone"):
        choose(scene, own, step)
    assert offered(scene, own) == [False, False]


def test_one_key_for_this_portal_is_made_and_no_second_one(scene, ping):
    own = scene.begin(LinkPurpose.RECOVER)
    [step] = scene.steps(own)
    fail(scene, ping)
    choose(scene, own, step)
    with pytest.raises(Refusal, match="step_not_alone"):
        choose(scene, own, step)
    assert offered(scene, own) == [False, False]
    scene.finish(own, step)
    with pytest.raises(Refusal, match="step_done"):
        scene.finish(own, step)
    with pytest.raises(Refusal, match="step_done"):
        choose(scene, own, step)
    with scene.portal.database.read() as session:
        assert session.query(EnrolmentStep).filter_by(passkey_id=None).count() == 1


def test_another_browser_chooses_nothing(scene, ping):
    own = scene.begin()
    [step] = scene.steps(own)
    fail(scene, ping)
    stranger = type(own)(own.link, b"another browser".ljust(32))
    with pytest.raises(Refusal, match="link_unknown"):
        choose(scene, stranger, step)


def test_an_own_step_can_be_taken_though_a_directory_shares_our_relying_party_since(scene):
    own = scene.begin()
    scene.steps(own)
    scene.directory(DirectoryType.PINGONE, "Ping", SHARED)
    [planned] = scene.plan(own)
    assert planned.touch is not None and planned.touch.way is Way.IMPORT
