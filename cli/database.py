"""`flask database …`: the schema."""

from __future__ import annotations

from typing import cast

import click
from flask import current_app
from flask.cli import AppGroup

from config import Settings
from models.db import Database
from models.migrate import upgrade

group = AppGroup("database", help="The database.")


@group.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the newest schema; what is there is kept."""
    settings = cast(Settings, current_app.config["LATCHKEY"])
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database_url.get_secret_value())
    try:
        upgrade(database)
    finally:
        database.close()
    click.echo("The database is up to date.")
