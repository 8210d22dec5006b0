"""`flask worker …`: the process that makes deliveries."""

from __future__ import annotations

from flask import current_app
from flask.cli import AppGroup

from services.deliveries.queue import attach
from services.portal import open_portal

group = AppGroup("worker", help="The worker: what is owed to directories is delivered by it.")


@group.command("run")
def run() -> None:
    """Deliver until stopped. Run any number of these beside each other.

    Ctrl-C (SIGINT) and SIGTERM let running deliveries finish first.
    """
    portal = open_portal(current_app.config["LATCHKEY"])
    queue = attach(portal)
    try:
        queue.run_consumer(portal)
    finally:
        queue.close()
        portal.close()
