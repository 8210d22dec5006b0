"""What pages say of placements, in how many queries."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from models import Delivery, DeliveryState, Directory, Passkey, PlacementState
from services import placements
from services.placements import Standing
from tests.records import Records

PRESENT, ABSENT = PlacementState.PRESENT, PlacementState.ABSENT


@pytest.fixture
def records(any_portal, clock):
    with any_portal.database.write() as session:
        yield Records(session, clock)


def shown(records, *, wanted=PRESENT, actual=ABSENT, state=None, directory=None, **more):
    """The view of one placement whose last delivery is in the given state."""
    passkey = records.passkey(records.person())
    directory = directory or records.directory(name="Ory")
    records.placement(passkey, directory, wanted=wanted, actual=actual)
    if state is not None:
        records._add(
            Delivery(
                directory=directory,
                person=passkey.person,
                passkey=passkey,
                state=state,
                cause="passkey.registered",
                created_at=records.clock(),
                due_at=records.clock(),
                **more,
            )
        )
    [view] = placements.of_passkey(records.session, passkey)
    return view


@pytest.mark.parametrize(
    ("wanted", "actual", "state", "standing"),
    [
        (PRESENT, ABSENT, None, Standing.ON_ITS_WAY),
        (PRESENT, ABSENT, DeliveryState.WAITING, Standing.ON_ITS_WAY),
        (PRESENT, ABSENT, DeliveryState.RUNNING, Standing.ON_ITS_WAY),
        (PRESENT, ABSENT, DeliveryState.HELD, Standing.HELD),
        (PRESENT, ABSENT, DeliveryState.NEEDS_TOUCH, Standing.NEEDS_TOUCH),
        (PRESENT, PRESENT, DeliveryState.DONE, Standing.READY),
        (PRESENT, PRESENT, DeliveryState.WAITING, Standing.READY),
        (PRESENT, PRESENT, DeliveryState.HELD, Standing.READY),
        (ABSENT, PRESENT, DeliveryState.WAITING, Standing.BEING_REMOVED),
        (ABSENT, PRESENT, DeliveryState.HELD, Standing.HELD),
        (ABSENT, ABSENT, DeliveryState.DONE, Standing.REMOVED),
        (ABSENT, ABSENT, DeliveryState.DROPPED, Standing.REMOVED),
    ],
)
def test_a_placement_stands(records, wanted, actual, state, standing):
    view = shown(records, wanted=wanted, actual=actual, state=state)
    assert view.state is standing
    assert view.directory_name in view.sentence


def test_a_person_reads_no_technical_words(records):
    view = shown(
        records,
        state=DeliveryState.HELD,
        code="ory.no_import",
        reason="This Kratos cannot import passkeys.",
        said='unknown field "passkey"',
        request_id="req-1",
    )
    for technical in ("Kratos", "import", "unknown field", "req-1", "ory.no_import"):
        assert technical not in view.sentence
    assert view.reason == "This Kratos cannot import passkeys."
    assert (view.code, view.said, view.request_id) == (
        "ory.no_import",
        'unknown field "passkey"',
        "req-1",
    )


def test_a_key_is_not_said_to_open_what_refuses_its_sign_ins(records):
    directory = records.directory(name="Ory", test_report={"signs_in": False})
    view = shown(records, actual=PRESENT, state=DeliveryState.DONE, directory=directory)
    assert view.state is Standing.READY
    assert "opens" not in view.sentence


def test_a_sign_in_can_be_proved_where_the_passkey_is_ready(records):
    assert shown(records, actual=PRESENT, state=DeliveryState.DONE).can_prove
    directory = records.directory(name="Another")
    assert not shown(records, state=DeliveryState.WAITING, directory=directory).can_prove


def test_an_ended_directory_is_not_shown(records):
    passkey = records.passkey(records.person())
    records.placement(passkey, records.directory(ended_at=records.clock()))
    assert placements.of_passkey(records.session, passkey) == []


def test_the_newest_delivery_speaks(records):
    passkey = records.passkey(records.person())
    directory = records.directory()
    records.delivery(passkey, directory, state=DeliveryState.DONE)
    for state in (DeliveryState.HELD, DeliveryState.DROPPED):
        records._add(
            Delivery(
                directory=directory,
                person=passkey.person,
                passkey=passkey,
                state=state,
                cause="passkey.renamed",
                created_at=records.clock(),
                due_at=records.clock(),
                reason=state.value,
            )
        )
    [view] = placements.of_passkey(records.session, passkey)
    assert (view.state, view.reason) == (Standing.HELD, "held")


def test_a_persons_placements_take_the_same_queries_however_many_there_are(any_portal, clock):
    def queries(keys: int, directories: int) -> int:
        with any_portal.database.write() as session:
            records = Records(session, clock)
            person = records.person()
            passkeys = [records.passkey(person) for _ in range(keys)]
            for directory in [records.directory() for _ in range(directories)]:
                for passkey in passkeys:
                    records.placement(passkey, directory)
                    records._add(
                        Delivery(
                            directory=directory,
                            person=person,
                            passkey=passkey,
                            cause="passkey.registered",
                            created_at=clock(),
                            due_at=clock(),
                        )
                    )
            person_id = person.id
        statements: list[str] = []
        engine = any_portal.database.engine

        def count(_connection, _cursor, statement, *_):
            statements.append(statement)

        with any_portal.database.read() as session:
            event.listen(engine, "before_cursor_execute", count)
            found = placements.of_person(session, person_id)
            event.remove(engine, "before_cursor_execute", count)
        assert sum(map(len, found.values())) == keys * directories
        return len([one for one in statements if one.lstrip().startswith("SELECT")])

    assert queries(1, 1) == queries(4, 3) <= 5


def test_deliveries_are_listed_newest_first_by_state_and_directory(any_portal, clock):
    with any_portal.database.write() as session:
        records = Records(session, clock)
        directories = [records.directory(), records.directory()]
        for number in range(5):
            passkey = records.passkey(records.person())
            state = DeliveryState.HELD if number % 2 else DeliveryState.DONE
            records.delivery(passkey, directories[number % 2], state=state)
    with any_portal.database.read() as session:
        ids = [one.id for one in placements.deliveries(session).items]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == 5
        held = placements.deliveries(session, states=[DeliveryState.HELD]).items
        assert [one.state for one in held] == [DeliveryState.HELD] * 2
        first = session.get_one(Directory, directories[0].id)
        assert len(placements.deliveries(session, directory=first).items) == 3


def test_a_passkey_without_placements_has_none(any_portal, clock):
    with any_portal.database.write() as session:
        passkey_id = Records(session, clock).passkey(Records(session, clock).person()).id
    with any_portal.database.read() as session:
        passkey = session.get_one(Passkey, passkey_id)
        assert placements.of_passkey(session, passkey) == []
        assert placements.of_person(session, passkey.person_id) == {}
