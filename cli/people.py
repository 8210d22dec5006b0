"""`flask people …`: what an operator does for people at the server's own prompt."""

from __future__ import annotations

from datetime import timedelta

import click
from flask.cli import AppGroup

from blueprints.context import portal
from models import LinkPurpose
from services import links, people

RECOVERY_LIFETIME = timedelta(hours=1)

group = AppGroup("people", help="People and their links.")


@group.command("recovery-link")
@click.argument("email")
def recovery_link(email: str) -> None:
    """Print a link that lets the person with EMAIL register a new key, within the hour.

    For emergencies: it works for administrators too, and is written into the audit trail.
    """
    now = portal().now()
    with portal().database.write() as session:
        person = people.by_email(session, email)
        if person is None:
            raise click.ClickException(f"There is nobody with the address {email}.")
        made = links.make(
            session,
            purpose=LinkPurpose.RECOVER,
            person=person,
            actor=None,
            lifetime=RECOVERY_LIFETIME,
            now=now,
        )
        name = person.display_name
    click.echo(f"Recovery link for {name}, good for one hour and one browser:")
    click.echo(f"{portal().settings.base_url}/links/{made.token}")
