"""The policy page, and changing the policy: edit, look at what changes, confirm with the key."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.forms import CeremonyForm
from blueprints.models.standing import Shown, matching
from blueprints.policies.forms import PolicyForm, aaguids, data_of
from models import AttestationPolicy
from services import ceremonies, policies, policy_changes
from services.attestation.metadata import Model
from services.attestation.policy import Policy
from services.ceremonies import CeremonyRefusal, Purpose
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
    allowed, unknown = _known((policy.allowed_models if policy else None) or ())
    return render_template(
        "policies/index.html",
        policy=policy,
        kind=policies.kind_of(policy) if policy else None,
        allowed=allowed,
        unknown=unknown,
        waiting=policy_changes.waiting(policy, portal().metadata),
        history=history,
    )


@blueprint.route("/edit", methods=["GET", "POST"])
def edit() -> Page:
    """Choose another policy; nothing changes before it is confirmed."""
    row, policy = _in_force()
    metadata = portal().metadata
    form = PolicyForm(data=data_of(policy, metadata)).over(policy, metadata)
    if not form.is_submitted():
        form.base.data = str(row.uuid) if row else ""
        return _edit_page(form, policy)
    if form.search.data or form.back.data:
        return _edit_page(form, policy)
    # Approved models are shown as they are; only those that wait have a box to tick.
    kept = policy_changes.approved(policy, metadata)
    form.approved.data = sorted({*form.approved.data, *(str(one) for one in kept)})
    after = form.policy()
    if after is None:
        return _edit_page(form, policy), 422
    if after == policy:
        flash("Nothing is different, so nothing was changed.", "info")
        return redirect(url_for(".index"), 303)
    return _confirm_page(form, policy, after)


@blueprint.post("/save")
def save() -> Page:
    """Put a confirmed policy in force."""
    _, policy = _in_force()
    form = PolicyForm().over(policy, portal().metadata)
    after = form.policy()
    if after is None:
        return _edit_page(form, policy), 422
    try:
        ceremonies.finish_authentication(
            portal(),
            purpose=Purpose.CONFIRM,
            session_hash=current_user.session_hash,
            person_id=current_user.person.id,
            subject=policy_changes.subject(form.base_uuid()),
            **CeremonyForm().answer,
        )
    except CeremonyRefusal as refusal:
        return _confirm_page(form, policy, after, problem=refusal), refusal.status
    try:
        with portal().database.write() as session:
            policy_changes.change(
                session,
                after,
                base=form.base_uuid(),
                actor=current_user.person,
                now=portal().now(),
            )
    except Refusal as refusal:
        row, policy = _in_force()
        form.base.data = str(row.uuid) if row else ""
        form.form_errors = [*form.form_errors, refusal.sentence]
        return _edit_page(form.over(policy, portal().metadata), policy), refusal.status
    flash(f"In force from now on: {after.name}.", "success")
    return redirect(url_for(".index"), 303)


def _in_force() -> tuple[AttestationPolicy | None, Policy | None]:
    with portal().database.read() as session:
        row = policies.current_row(session)
        return row, policies.of_row(row) if row else None


def _known(listed: Any) -> tuple[tuple[Model, ...], list[str]]:
    """The models of a list that metadata knows, by name, and the AAGUIDs of the others."""
    wanted = frozenset(listed)
    models = tuple(model for model in portal().metadata.models() if model.aaguid in wanted)
    return models, sorted(str(one) for one in wanted - {model.aaguid for model in models})


def _edit_page(form: PolicyForm, policy: Policy | None) -> str:
    metadata = portal().metadata
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
    form: PolicyForm,
    before: Policy | None,
    after: Policy,
    *,
    problem: CeremonyRefusal | None = None,
) -> str:
    with portal().database.read() as session:
        change = policy_changes.compare(session, before, after, portal().metadata)
    return render_template(
        "policies/confirm.html",
        form=form,
        before=before,
        after=after,
        change=change,
        coming=_known(change.coming),
        going=_known(change.going),
        problem=problem,
        subject=policy_changes.subject(form.base_uuid()),
    )
