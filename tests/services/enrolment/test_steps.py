"""The steps of an enrolment: what a link asks for, and what ends it."""

from __future__ import annotations

import pytest

from directories.base import Way
from models import (
    DirectoryType,
    EnrolmentLink,
    LinkPurpose,
    Passkey,
    Person,
    RequestPerson,
    RequestState,
)
from services import links
from services.enrolment import steps
from services.provisioning import desk_steps
from services.refusal import Refusal
from tests.records import Records

ID = "6f0c1d1e-8f5a-4a39-9d21-0e6f0b0f7a11"
PINGONE = {
    "environment_id": ID,
    "client_id": ID,
    "region": "EU",
    "relying_party_id": "pingone.eu",
}
SHARED = {**PINGONE, "relying_party_id": "localhost"}


class Scene:
    """Grace, whom directories know, and a browser that began with her link."""

    def __init__(self, portal) -> None:
        self.portal = portal
        with portal.database.write() as session:
            self.grace = Records(session, portal.now).person("grace")

    def directory(self, type: DirectoryType, name: str, settings=None, *, linked: bool = True):
        with self.portal.database.write() as session:
            records = Records(session, self.portal.now)
            made = records.directory(name, type=type, settings=settings or {})
            if linked:
                records.identity(made, session.get_one(Person, self.grace.id), f"id of {name}")
        return made

    def begin(self, purpose: LinkPurpose = LinkPurpose.ENROL, **more) -> links.Enrolment:
        with self.portal.database.write() as session:
            made = links.make(
                session,
                purpose=purpose,
                person=session.get_one(Person, self.grace.id),
                actor=None,
                lifetime=links.TIME_TO_FINISH,
                now=self.portal.now(),
            )
            for name, value in more.items():
                setattr(made.link, name, value)
            link = links.exchange(session, made.token, "browser", now=self.portal.now())
            return links.Enrolment(link, links.session_hash(link, "browser"))

    def steps(self, own: links.Enrolment):
        with self.portal.database.write() as session:
            return steps.of_link(session, self.portal, own.link, now=self.portal.now())

    def passkey(self, **more) -> Passkey:
        with self.portal.database.write() as session:
            grace = session.get_one(Person, self.grace.id)
            return Records(session, self.portal.now).passkey(grace, **more)

    def finish(self, own: links.Enrolment, step, **more) -> Passkey:
        """The step's touch, as far as the enrolment knows of it."""
        with self.portal.database.write() as session:
            grace = session.get_one(Person, self.grace.id)
            made = Records(session, self.portal.now).passkey(grace, **more)
            steps.finish(session, own, step, made, now=self.portal.now())
        return made

    def skip(self, own: links.Enrolment, step) -> None:
        with self.portal.database.write() as session:
            steps.skip(session, self.portal, own, step, now=self.portal.now())

    def plan(self, own: links.Enrolment):
        with self.portal.database.read() as session:
            found = steps.kept(session, own.link)
            return steps.plan(session, self.portal, own.link, found)

    def link(self, own: links.Enrolment) -> EnrolmentLink:
        with self.portal.database.read() as session:
            return session.get_one(EnrolmentLink, own.link.id)


@pytest.fixture
def scene(portal) -> Scene:
    return Scene(portal)


def places(found) -> list[str | None]:
    return [step.directory.name if step.directory else None for step in found]


def code(refused) -> str:
    return refused.value.code


def test_a_link_asks_for_one_touch_where_no_directory_makes_keys(scene):
    scene.directory(DirectoryType.ORY, "Ory")
    own = scene.begin()
    assert places(scene.steps(own)) == [None]
    (planned,) = scene.plan(own)
    assert (planned.touch.opens, planned.may_skip) == (("Ory",), False)


def test_each_place_that_makes_its_own_keys_is_a_step_after_ours(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    scene.directory(DirectoryType.PINGONE, "Ping", PINGONE)
    scene.directory(DirectoryType.ENTRA, "Strangers", linked=False)
    found = scene.steps(scene.begin())
    assert places(found) == [None, "Contoso", "Ping"]
    assert [step.position for step in found] == [1, 2, 3]


def test_a_directory_that_shares_our_relying_party_takes_the_place_of_our_own_step(scene):
    scene.directory(DirectoryType.PINGONE, "Ping", SHARED)
    scene.directory(DirectoryType.ORY, "Ory")
    own = scene.begin()
    assert places(scene.steps(own)) == ["Ping"]
    (planned,) = scene.plan(own)
    assert planned.touch.way is Way.SHARED
    assert planned.touch.opens == ("Ping", "Ory")


def test_the_steps_stay_as_they_were_when_they_were_first_asked_for(scene):
    own = scene.begin()
    before = [step.uuid for step in scene.steps(own)]
    scene.directory(DirectoryType.ENTRA, "Contoso")
    assert [step.uuid for step in scene.steps(own)] == before


def test_a_place_that_has_a_key_already_is_left_out_except_in_a_recovery(scene, portal):
    contoso = scene.directory(DirectoryType.ENTRA, "Contoso")
    held = scene.passkey(maker=str(contoso.uuid), rp_id="login.microsoft.com")
    with portal.database.write() as session:
        Records(session, portal.now).placement(
            session.get_one(Passkey, held.id), session.merge(contoso), actual="present"
        )
    assert places(scene.steps(scene.begin())) == [None]
    assert places(scene.steps(scene.begin(LinkPurpose.RECOVER))) == [None, "Contoso"]


@pytest.mark.parametrize("purpose", [LinkPurpose.SETUP, LinkPurpose.SIGN_UP])
def test_setting_up_and_signing_up_take_one_touch(scene, purpose):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    assert places(scene.steps(scene.begin(purpose))) == [None]


def test_nothing_is_written_down_before_the_person_is_known_or_after_the_link_ended(scene, clock):
    nobody = scene.begin()
    with scene.portal.database.write() as session:
        session.get_one(EnrolmentLink, nobody.link.id).person = None
    assert scene.steps(links.Enrolment(scene.link(nobody), nobody.session_hash)) == ()
    late = scene.begin()
    clock.forward(hours=2)
    assert scene.steps(late) == ()


def test_the_link_lives_until_its_last_step_is_finished(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, second = scene.steps(own)
    key = scene.finish(own, first)
    assert scene.link(own).finished_at is None
    assert steps.current(scene.steps(own)).id == second.id
    scene.finish(own, second)
    ended = scene.link(own)
    assert ended.finished_at is not None
    assert ended.passkey_id == key.id, "later keys of it are not taken for the newest"


def test_a_step_is_finished_once_and_whatever_came_second_is_taken_back(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, _ = scene.steps(own)
    scene.finish(own, first)
    with pytest.raises(Refusal) as refused:
        scene.finish(own, first, nickname="Second")
    assert code(refused) == steps.DONE
    with scene.portal.database.read() as session:
        assert "Second" not in {one.nickname for one in session.query(Passkey)}


def test_a_step_can_be_left_for_later_and_the_last_one_ends_the_link(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    scene.directory(DirectoryType.PINGONE, "Ping", PINGONE)
    own = scene.begin()
    first, second, third = scene.steps(own)
    scene.finish(own, first)
    scene.skip(own, second)
    assert scene.link(own).finished_at is None
    scene.skip(own, third)
    assert scene.link(own).finished_at is not None
    with pytest.raises(Refusal) as refused:
        scene.skip(own, third)
    assert code(refused) == "link_finished"


def test_the_key_for_the_portal_itself_is_needed_by_whoever_has_none(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, _ = scene.steps(own)
    with pytest.raises(Refusal) as refused:
        scene.skip(own, first)
    assert code(refused) == "step_needed"
    scene.passkey()
    scene.skip(own, first)


def test_nobody_ends_an_enrolment_with_nothing(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    scene.passkey()
    own = scene.begin()
    first, second = scene.steps(own)
    scene.skip(own, first)
    assert [one.may_skip for one in scene.plan(own)] == [False, False]
    with pytest.raises(Refusal) as refused:
        scene.skip(own, second)
    assert code(refused) == "step_needed"


@pytest.mark.parametrize(
    ("field", "expected"), [("revoked_at", "link_revoked"), ("session_hash", "link_unknown")]
)
def test_no_step_outlives_its_link(scene, portal, field, expected):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, second = scene.steps(own)
    scene.finish(own, first)
    with portal.database.write() as session:
        value = portal.now() if field == "revoked_at" else b"0" * 32
        setattr(session.get_one(EnrolmentLink, own.link.id), field, value)
    for act in (scene.finish, scene.skip):
        with pytest.raises(Refusal) as refused:
            act(own, second)
        assert code(refused) == expected


def test_what_is_done_stays_when_the_hour_is_over(scene, clock):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, second = scene.steps(own)
    scene.finish(own, first)
    clock.forward(hours=2)
    with pytest.raises(Refusal) as refused:
        scene.finish(own, second)
    assert code(refused) == "link_expired"
    assert [one.finished_at is not None for one in scene.steps(own)] == [True, False]


def test_a_step_whose_place_is_gone_can_be_left_for_later(scene, portal):
    contoso = scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, second = scene.steps(own)
    with portal.database.write() as session:
        session.merge(contoso).ended_at = portal.now()
    assert [one.touch is None for one in scene.plan(own)] == [False, True]
    scene.finish(own, first)
    scene.skip(own, second)
    assert scene.link(own).finished_at is not None


def test_a_page_names_a_step_or_means_the_current_one(scene):
    scene.directory(DirectoryType.ENTRA, "Contoso")
    own = scene.begin()
    first, second = scene.steps(own)
    assert steps.find((first, second), "") is first
    assert steps.find((first, second), str(second.uuid)) is second
    for subject in ("x", str(own.link.uuid)):
        with pytest.raises(Refusal) as refused:
            steps.find((first, second), subject)
        assert code(refused) == "step_unknown"


def test_a_request_is_for_its_own_directories_and_learns_of_each_key(scene, portal):
    contoso = scene.directory(DirectoryType.ENTRA, "Contoso")
    scene.directory(DirectoryType.PINGONE, "Ping", PINGONE)
    with portal.database.write() as session:
        records = Records(session, portal.now)
        request = records.request(records.person("ada"), session.merge(contoso))
        place = records.request_person(request, session.get_one(Person, scene.grace.id))
    own = scene.begin(request_person_id=place.id)
    (step,) = scene.steps(own)
    assert step.directory.name == "Contoso"
    scene.finish(own, step)
    with portal.database.read() as session:
        assert session.get_one(RequestPerson, place.id).state is RequestState.STARTED


def test_a_request_that_nothing_can_be_enrolled_for_still_leads_to_a_key(scene, portal):
    """One for this portal, and for no place that the request does not name."""
    strangers = scene.directory(DirectoryType.ENTRA, "Strangers", linked=False)
    scene.directory(DirectoryType.PINGONE, "Ping", SHARED)
    for named in ([strangers], []):
        with portal.database.write() as session:
            records = Records(session, portal.now)
            request = records.request(records.person(), *map(session.merge, named))
            place = records.request_person(request, session.get_one(Person, scene.grace.id))
            (at_desk,) = desk_steps.steps(session, portal, place)
            assert at_desk.touch.directory is None
        assert places(scene.steps(scene.begin(request_person_id=place.id))) == [None]
