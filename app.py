"""The portal as a Flask app: `create_app` wires everything together, and nothing imports it."""

from __future__ import annotations

import logging
from types import TracebackType

import click
from flask import Flask, request
from flask.sansio.blueprints import Blueprint
from werkzeug.middleware.proxy_fix import ProxyFix

import blueprints.agent
import blueprints.all_passkeys
import blueprints.audit
import blueprints.ceremonies
import blueprints.components
import blueprints.deliveries
import blueprints.directories
import blueprints.directory_people
import blueprints.enrol
import blueprints.groups
import blueprints.home
import blueprints.icons
import blueprints.links
import blueprints.mails
import blueprints.models
import blueprints.overview
import blueprints.passkeys
import blueprints.people
import blueprints.policies
import blueprints.privileges
import blueprints.proof
import blueprints.requests
import blueprints.roles
import blueprints.sessions
import blueprints.settings
import blueprints.setup
import blueprints.sign_in
import blueprints.sign_up
import cli.database
import cli.people
import cli.portal
import cli.worker
import config
from blueprints import (
    access,
    bodies,
    context,
    errors,
    filters,
    headers,
    limits,
    navigation,
    visitor,
)
from config import Settings
from extensions import csrf

BLUEPRINTS: tuple[Blueprint, ...] = (
    blueprints.home.blueprint,
    blueprints.sign_in.blueprint,
    blueprints.sign_up.blueprint,
    blueprints.links.blueprint,
    blueprints.setup.blueprint,
    blueprints.enrol.blueprint,
    blueprints.ceremonies.blueprint,
    blueprints.agent.blueprint,
    blueprints.passkeys.blueprint,
    blueprints.icons.blueprint,
    blueprints.overview.blueprint,
    blueprints.people.blueprint,
    blueprints.groups.blueprint,
    blueprints.all_passkeys.blueprint,
    blueprints.mails.blueprint,
    blueprints.requests.blueprint,
    blueprints.directories.blueprint,
    blueprints.directory_people.blueprint,
    blueprints.policies.blueprint,
    blueprints.models.blueprint,
    blueprints.deliveries.blueprint,
    blueprints.roles.blueprint,
    blueprints.privileges.blueprint,
    blueprints.audit.blueprint,
    blueprints.settings.blueprint,
    blueprints.proof.blueprint,
    blueprints.sessions.blueprint,
)
TRIAL_BLUEPRINTS: tuple[Blueprint, ...] = (blueprints.components.blueprint,)
"""Pages that only a trial has: every component, to look at."""
COMMANDS: tuple[click.Command, ...] = (
    cli.database.group,
    cli.people.group,
    cli.portal.group,
    cli.worker.group,
)
MAX_REQUEST_BYTES = 512 * 1024
"""Far more than any form or attestation needs."""


class Latchkey(Flask):
    """Flask, except that its log never names a path: the path of an enrolment link is a secret."""

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log an exception that nobody foresaw by its endpoint."""
        self.logger.error(
            "Exception in %s [%s]", request.endpoint, request.method, exc_info=exc_info
        )


def create_app(settings: Settings | None = None) -> Flask:
    """Build the portal.

    A server gets it with the portal opened, so that it does not start with keys or metadata that
    do not fit. A command opens the portal when it first needs it (`blueprints.context.portal`).

    Args:
        settings: those of the environment when left out.

    Raises:
        ConfigurationError: when the settings do not add up.
        LookupError: when a route has no entry in the access table.
    """
    settings = config.load() if settings is None else settings
    app = Latchkey(__name__)
    _configure(app, settings)
    access.init_app(app)
    limits.init_app(app)
    bodies.init_app(app)
    csrf.init_app(app)
    visitor.init_app(app)
    for part in (context, navigation, errors, headers):
        part.init_app(app)
    filters.register(app)
    for blueprint in BLUEPRINTS if settings.production else (*BLUEPRINTS, *TRIAL_BLUEPRINTS):
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    access.check(app)
    if click.get_current_context(silent=True) is None:
        context.open_now(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    newest, *older = (key.get_secret_value() for key in settings.secret_keys)
    app.config.update(
        LATCHKEY=settings,
        SECRET_KEY=newest,
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME="__Host-latchkey" if settings.production else "latchkey",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        TRUSTED_HOSTS=list(settings.hosts),
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        # A form is good as long as its browser's session; `blueprints.errors` has the rest.
        WTF_CSRF_TIME_LIMIT=None,
    )
    logging.getLogger().setLevel(settings.log_level)
    app.logger.setLevel(settings.log_level)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops
        )
