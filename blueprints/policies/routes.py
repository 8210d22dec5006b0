"""The policy page, and changing the policy: edit, look at what changes, confirm with the key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints import confirming
from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.models.standing import Shown, matching
from blueprints.policies.forms import PolicyForm, aaguids, data_of
from blueprints.policies.scope import Scope, group_of, scope
from services import policies, policy_changes
from services.attestation.metadata import Model
from services.attestation.policy import Policy
from services.ceremonies import CeremonyRefusal
from services.groups import policies as group_policies
from services.policies import Kind
from services.refusal import Refusal

MAX_QUERY = 100
FOUND = 25
"""Models that a search shows at once."""

blueprint = Blueprint("policies", __name__, url_prefix="/admin/policies")

Page = str | Response | tuple[str, int]


@blueprint.get("")
def index() -> str:
    """The policy in force with its models, those that wait, and the history."""
    with portal().database.read() as session:
        policy = policies.current(session)
        history = policies.history(session)
        ranked = group_policies.ranked(session)
    allowed, unknown = _known((policy.allowed_models if policy else None) or ())
    return render_template(
        "policies/index.html",
        policy=policy,
        kind=policies.kind_of(policy) if policy else None,
        allowed=allowed,
        unknown=unknown,
        waiting=policy_changes.waiting(policy, portal().metadata),
        history=history,
        ranked=[(group, policies.of_row(row)) for group, row in ranked],
    )


@blueprint.route("/edit", methods=["GET", "POST"])
def edit() -> Page:
    """Choose another policy; nothing changes before it is confirmed."""
    return edit_of(scope(None))


@blueprint.post("/save")
def save() -> Page:
    """Put a confirmed policy in force."""
    return save_of(None)


def edit_of(about: Scope) -> Page:
    """Choose another policy for these people, and look at what changes."""
    metadata = portal().metadata
    form = PolicyForm(data=data_of(about.policy, metadata)).over(about.policy, metadata)
    if not form.is_submitted():
        form.base.data = about.base
        return _edit_page(form, about)
    if form.search.data or form.back.data:
        return _edit_page(form, about)
    # Approved models are shown as they are; only those that wait have a box to tick.
    kept = policy_changes.approved(about.policy, metadata)
    form.approved.data = sorted({*form.approved.data, *(str(one) for one in kept)})
    after = form.policy()
    if after is None:
        return _edit_page(form, about), 422
    if about.is_own(after):
        flash("Nothing is different, so nothing was changed.", "info")
        return redirect(url_for(".index"), 303)
    return _confirm_page(form, about, after)


def save_of(address: UUID | None) -> Page:
    """Put a confirmed policy in force for everybody, or for a group."""
    about = scope(address)
    form = PolicyForm().over(about.policy, portal().metadata)
    after = form.policy()
    if after is None:
        return _edit_page(form, about), 422
    try:
        confirming.demand(CeremonyForm(), about.subject(form.base_uuid()))
    except CeremonyRefusal as refusal:
        return _confirm_page(form, about, after, problem=refusal), refusal.status
    agreed = {"base": form.base_uuid(), "actor": current_user.person, "now": portal().now()}
    try:
        with portal().database.write() as session:
            if address is None:
                policy_changes.change(session, after, **agreed)
            else:
                group_policies.change(session, group_of(session, address), after, **agreed)
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        about = scope(address)
        form.base.data = about.base
        form.form_errors = [*form.form_errors, refusal.sentence]
        return _edit_page(form.over(about.policy, portal().metadata), about), refusal.status
    whom = f" for {about.group.name}" if about.group else ""
    flash(f"In force{whom} from now on: {after.name}.", "success")
    return redirect(url_for(".index"), 303)


def _known(listed: Any) -> tuple[tuple[Model, ...], list[str]]:
    """The models of a list that metadata knows, by name, and the AAGUIDs of the others."""
    wanted = frozenset(listed)
    models = tuple(model for model in portal().metadata.models() if model.aaguid in wanted)
    return models, sorted(str(one) for one in wanted - {model.aaguid for model in models})


def _edit_page(form: PolicyForm, about: Scope) -> str:
    metadata, policy = portal().metadata, about.policy
    ticked = aaguids(form.models.data)
    query = (form.q.data or "")[:MAX_QUERY]
    found = [
        model
        for model in matching(metadata.models(), policy, shown=Shown.ALL, query=query)
        if query and model.aaguid not in ticked
    ]
    chosen, unknown = _known(ticked)
    hid, hid_unknown = _known(policy_changes.approved(policy, metadata))
    return render_template(
        "policies/edit.html",
        form=form,
        about=about,
        meanings={kind.value: kind.meaning for kind in Kind},
        chosen=chosen,
        unknown=unknown,
        found=found[:FOUND],
        more=max(0, len(found) - FOUND),
        query=query,
        hid=hid,
        hid_unknown=hid_unknown,
        waiting=policy_changes.waiting(policy, metadata),
        approved=aaguids(form.approved.data),
        ticked=ticked,
    )


def _confirm_page(
    form: PolicyForm, about: Scope, after: Policy, *, problem: CeremonyRefusal | None = None
) -> str:
    change = about.compare(after)
    return render_template(
        "policies/confirm.html",
        form=form,
        about=about,
        before=about.policy,
        after=after,
        change=change,
        coming=_known(change.coming),
        going=_known(change.going),
        problem=problem,
        subject=about.subject(form.base_uuid()),
    )
