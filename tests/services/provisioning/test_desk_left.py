"""Finding the next person at a desk, where many others have nothing left but to wait."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from models import (
    Delivery,
    DeliveryState,
    Directory,
    DirectoryType,
    Person,
    ProvisioningRequest,
    RequestDirectory,
    RequestState,
)
from services import policies
from services.policies import Kind
from services.provisioning import desk
from tests.records import Records

TENANT = {"tenant_id": "t", "client_id": "c"}


class Scene:
    """A request of Ada's for Ory and Entra, at a desk."""

    def __init__(self, portal, clock) -> None:
        self.portal, self.clock = portal, clock
        with portal.database.write() as session:
            rows = Records(session, clock)
            policies.choose(session, Kind.ANY, actor=None, now=clock())
            self.ory = rows.directory("Ory").id
            self.entra = rows.directory("Entra", type=DirectoryType.ENTRA, settings=TENANT).id
            ada = session.scalars(select(Person).where(Person.given_name == "Ada")).one()
            self.ada, request = ada.id, rows.request(ada)
            self.request = request.id
            for one in (self.ory, self.entra):
                session.add(RequestDirectory(request_id=request.id, directory_id=one))

    def person(self, name: str, *made: int, going_on: bool = True) -> None:
        """Somebody of the request, with a key for each of these directories."""
        with self.portal.database.write() as session:
            rows = Records(session, self.clock)
            person = rows.person(name, roles=[])
            rows.identity(session.get_one(Directory, self.entra), person, f"id of {name}")
            request = session.get_one(ProvisioningRequest, self.request)
            place = rows.request_person(request, person, state=RequestState.STARTED)
            for one in made:
                row = session.get_one(Directory, one)
                key = rows.passkey(person)
                if one == self.entra:
                    key.maker, key.rp_id = str(row.uuid), "login.microsoft.com"
                else:
                    key.rp_id = self.portal.settings.rp_id
                rows.request_passkey(place, key)
                rows.placement(key, row)
                state = DeliveryState.WAITING if going_on else DeliveryState.NEEDS_TOUCH
                session.add(
                    Delivery(
                        directory=row,
                        person=person,
                        passkey=key,
                        cause="passkey.registered",
                        created_at=self.clock(),
                        due_at=self.clock(),
                        state=state,
                    )
                )

    def take(self) -> tuple[str, int]:
        """Whom Ada gets, and how many statements it took."""
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_):
            asked.append(statement)

        engine = self.portal.database.engine
        with self.portal.database.write() as session:
            request = session.get_one(ProvisioningRequest, self.request)
            ada = session.get_one(Person, self.ada)
            event.listen(engine, "before_cursor_execute", note)
            try:
                place = desk.take(session, self.portal, request, operator=ada, now=self.clock())
                name = place.person.given_name if place and place.person else ""
            finally:
                event.remove(engine, "before_cursor_execute", note)
            if place is not None:
                desk.release(session, place, operator=ada)
        return name, len(asked)


@pytest.fixture
def scene(portal, house, clock) -> Scene:
    return Scene(portal, clock)


def test_however_many_only_wait_for_a_directory_it_takes_as_many_statements(scene):
    for number in range(3):
        scene.person(f"a{number}", scene.ory, scene.entra)
    nobody, few = scene.take()
    for number in range(60):
        scene.person(f"b{number}", scene.ory, scene.entra)
    assert scene.take() == (nobody, few) == ("", few)
    scene.person("zoe", scene.ory)
    name, some = scene.take()
    assert name == "Zoe"
    for number in range(30):
        scene.person(f"c{number}", scene.ory, scene.entra)
    assert scene.take() == ("Zoe", some)


@pytest.mark.parametrize("which", ["none", "own only", "entra only", "lost there"])
def test_nobody_who_has_something_left_is_passed_over(scene, which):
    made = {"none": (), "own only": (scene.ory,), "entra only": (scene.entra,)}
    both = (scene.ory, scene.entra)
    scene.person("zoe", *made.get(which, both), going_on=which != "lost there")
    assert scene.take()[0] == "Zoe"
