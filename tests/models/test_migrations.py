"""Every migration runs up and down with data, and what comes out is what the models say."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from models import Base, LimitCounter, PortalFact
from models.db import Database
from models.migrate import FOLDER, Dangling, downgrade, upgrade
from services import audit, role_changes
from tests.records import Records


def revisions() -> list[str]:
    """Every revision, newest first."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


@pytest.fixture
def database(any_database_url):
    opened = Database(any_database_url)
    yield opened
    opened.close()


def tables(database) -> set[str]:
    return set(inspect(database.engine).get_table_names()) - {"alembic_version"}


def test_the_models_match_the_migrations(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_every_table_is_migrated(database):
    assert tables(database) == set(Base.metadata.tables)


def test_migrations_form_one_line():
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    script = ScriptDirectory.from_config(config)
    assert len(script.get_heads()) == len(script.get_bases()) == 1


def test_migrations_go_down_and_up_again_with_data(database, clock):
    with database.write() as session:
        records = Records(session, clock)
        passkey = records.passkey(records.person())
        directory = records.directory()
        records.chosen(directory, passkey.person)
        group = records.group(passkey.person)
        records.chosen_group(directory, group)
        records.group_source(group, directory, passkey.person)
        records.delivery(passkey, directory)
        records.browser_session(passkey)
        records.challenge()
        records.step(records.link(), directory)
        records.ticket(passkey.person, directory)
        records.mail(passkey.person)
        request = records.request(passkey.person, directory)
        records.request_source(request, passkey.person)
        records.request_passkey(records.request_person(request, passkey.person), passkey)
        records.sign_up(link=records.link())
        records.expiry_notice(passkey.person, directory)
        records.address_notice(passkey.person)
        records.lock()
        role = records.role()
        records.policy()
        records.policy(group_id=records.group(rank=1).id)
        role_changes.grant(session, passkey.person, str(role.uuid), now=clock())
        audit.record(session, audit.Tag.PERSON_ADDED, now=clock(), person=passkey.person)
        session.add(PortalFact(name="a fact", value=b"a value"))
        session.add(LimitCounter(key_hash=b"k" * 32, count=1, expires_at=clock()))
    with database.read() as session:
        empty = {
            name
            for name, table in Base.metadata.tables.items()
            if session.execute(select(table).limit(1)).first() is None
        }
    assert empty == set(), "every table should have a row before it is migrated"

    for revision in revisions():
        script = ScriptDirectory(str(FOLDER)).get_revision(revision)
        downgrade(database, script.down_revision or "base")
    assert tables(database) == set()

    upgrade(database)
    assert tables(database) == set(Base.metadata.tables)


def test_a_migration_that_leaves_rows_dangling_is_taken_back(database_url, clock, monkeypatch):
    database = Database(database_url)

    def careless(config, revision):
        connection = config.attributes["connection"]
        connection.exec_driver_sql(
            "INSERT INTO directory_people (directory_id, person_id) VALUES (1, 1)"
        )

    monkeypatch.setattr("models.migrate.command.upgrade", careless)
    with pytest.raises(Dangling):
        upgrade(database)
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM directory_people")) == 0
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(
            text("INSERT INTO directory_people (directory_id, person_id) VALUES (1, 1)")
        )
    database.close()
