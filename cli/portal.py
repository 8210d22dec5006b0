"""`flask portal …`: the portal as a whole."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from blueprints.context import portal
from services import setup
from services.refusal import Refusal

group = AppGroup("portal", help="The portal as a whole.")


@group.command("setup-link")
@click.option("--if-needed", is_flag=True, help="Say nothing when the portal is set up.")
def setup_link(*, if_needed: bool) -> None:
    """Print a new link that makes the first administrator; older ones stop working."""
    opened = portal()
    try:
        with opened.database.write() as session:
            made = setup.make_link(session, now=opened.now())
    except Refusal as refusal:
        if if_needed and refusal.code == "setup_over":
            return
        raise click.ClickException(refusal.sentence) from None
    click.echo("Open this link to set Latchkey up. It works once, within 24 hours:")
    click.echo(f"{opened.settings.base_url}/links/{made.token}")
