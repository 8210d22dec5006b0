"""What comes after connecting a PingOne: its MFA policy."""

from __future__ import annotations

import uuid

from flask import redirect, render_template, url_for
from flask_login import current_user

from blueprints.context import portal
from blueprints.directories.area import blueprint, to_change
from blueprints.directories.connecting import Page
from blueprints.directories.pingone_forms import MfaPolicyForm, TypedPolicyForm
from blueprints.directories.routes import say_verified
from blueprints.directories.screens import SCREENS
from directories.base import DirectoryError
from models import Directory, DirectoryType
from services import directories
from services.directories import pingone_steps
from services.directories.pingone_steps import Judged
from services.directories.steps import FieldProblems

TYPE = DirectoryType.PINGONE
STEPS = SCREENS[TYPE.value].steps
FORBIDDEN = "http.forbidden"


@blueprint.route("/<uuid:directory>/mfa-policy", methods=["GET", "POST"])
def mfa_policy(directory: uuid.UUID) -> Page:
    """Choose the MFA policy under which keys are paired, and add the directory.

    A worker without a role that reads policies has its ids typed.
    """
    with portal().database.read() as session:
        found = to_change(session, directory, TYPE)
    kept = pingone_steps.settings_of(found)
    try:
        offered = pingone_steps.policies(portal(), found)
        forbidden = None
    except DirectoryError as error:
        if error.code != FORBIDDEN:
            return _unreachable(found, error)
        offered, forbidden = (), error
    typed = kept.to_mapping()
    form: MfaPolicyForm | TypedPolicyForm
    if forbidden is None:
        typed["mfa_policy_id"] = pingone_steps.suggest(offered, kept.mfa_policy_id)
        form = MfaPolicyForm(data=typed)
        form.offer(offered)
    else:
        form = TypedPolicyForm(data=typed)
    if not form.validate_on_submit():
        return _policy_page(form, found, offered, forbidden)
    try:
        with portal().database.write() as session:
            pingone_steps.choose(
                session,
                portal(),
                to_change(session, directory, TYPE),
                **form.chosen(),
                actor=current_user.person,
            )
    except FieldProblems as wrong:
        form.refuse(wrong.problems)
        return _policy_page(form, found, offered, forbidden)
    say_verified(directories.run_test(portal(), directory, probe=False, actor=current_user.person))
    return redirect(url_for(".show", directory=directory), 303)


def _policy_page(
    form: MfaPolicyForm | TypedPolicyForm,
    directory: Directory,
    offered: tuple[Judged, ...],
    forbidden: DirectoryError | None,
) -> Page:
    page = render_template(
        "directories/mfa_policy.html",
        form=form,
        directory=directory,
        offered=offered,
        forbidden=forbidden,
        steps=STEPS,
    )
    return (page, 422) if form.is_submitted() else page


def _unreachable(directory: Directory, error: DirectoryError) -> tuple[str, int]:
    """The page for an environment that did not tell its policies."""
    page = render_template(
        "directories/unreachable.html",
        directory=directory,
        error=error,
        what="The MFA policies could not be read",
    )
    return page, 502
