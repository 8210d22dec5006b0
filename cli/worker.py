"""`flask worker …`: the process that makes deliveries."""

from __future__ import annotations

import logging
from typing import cast

from flask import current_app
from flask.cli import AppGroup

from config import Settings
from services.deliveries.queue import attach
from services.portal import open_portal

group = AppGroup("worker", help="The worker: what is owed to directories is delivered by it.")


@group.command("run")
def run() -> None:
    """Deliver until stopped. Run any number of these beside each other.

    Ctrl-C (SIGINT) and SIGTERM let running deliveries finish first.
    """
    settings = cast(Settings, current_app.config["LATCHKEY"])
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=settings.log_level
    )
    if settings.log_level != "DEBUG":
        logging.getLogger("huey").setLevel(logging.WARNING)  # it tells of every sweep
    portal = open_portal(settings)
    queue = attach(portal)
    try:
        queue.run_consumer(portal)
    finally:
        queue.close()
        portal.close()
