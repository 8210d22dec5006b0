"""Carrying a request out: links, reminders, and giving up, for all its people or for one."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.context import portal
from blueprints.people import shown_once
from blueprints.requests.area import blueprint, confirmed, placed
from services import links
from services.provisioning import closing, inviting, retrying
from services.refusal import Refusal


@blueprint.post("/<uuid:order>/provision")
def provision(order: UUID) -> Response:
    """Send everybody their link."""
    try:
        with portal().database.write() as session:
            found = confirmed(session, order)
            fresh = inviting.provision(portal(), session, found, actor=current_user.person)
    except Refusal as refusal:
        return _refused(refusal, order)
    portal().wake()
    flash(
        "The links are on their way by mail."
        if fresh
        else "That was said before: everybody is sent one link.",
        "success" if fresh else "info",
    )
    return redirect(url_for(".show", order=order), 303)


@blueprint.post("/<uuid:order>/remind")
def remind(order: UUID) -> Response:
    """Remind everybody who is not done."""
    try:
        with portal().database.write() as session:
            found = confirmed(session, order)
            count = inviting.remind(portal(), session, found, actor=current_user.person)
    except Refusal as refusal:
        return _refused(refusal, order)
    portal().wake()
    flash(f"Reminded by mail: {count}.", "success")
    return redirect(url_for(".show", order=order), 303)


@blueprint.post("/<uuid:order>/cancel")
def cancel(order: UUID) -> Response:
    """Give the request up."""
    try:
        with portal().database.write() as session:
            found = confirmed(session, order)
            count = closing.cancel(session, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        return _refused(refusal, order)
    portal().wake()
    flash(f"The request is cancelled. People who were given up: {count}.", "success")
    return redirect(url_for(".show", order=order), 303)


@blueprint.post("/<uuid:order>/people/<uuid:place>/send")
def send(order: UUID, place: UUID) -> Response:
    """Send somebody a new link by mail, or remind them."""
    again = bool(request.form.get("again"))
    try:
        with portal().database.write() as session:
            found = placed(session, confirmed(session, order), place)
            inviting.send(portal(), session, found, actor=current_user.person, again=again)
    except Refusal as refusal:
        return _refused(refusal, order)
    portal().wake()
    flash("The mail is on its way." if again else "A new link is on its way by mail.", "success")
    return _back(order)


@blueprint.post("/<uuid:order>/people/<uuid:place>/link")
def link(order: UUID, place: UUID) -> Response:
    """Make somebody a new link to be handed over."""
    try:
        with portal().database.write() as session:
            found = placed(session, confirmed(session, order), place)
            links.may_act_on(found.person, current_user.person)
            made = inviting.show(session, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        return _refused(refusal, order)
    shown_once.keep(made)
    return _back(order, anchor="new-link")


@blueprint.post("/<uuid:order>/people/<uuid:place>/cancel")
def cancel_person(order: UUID, place: UUID) -> Response:
    """Give somebody up."""
    try:
        with portal().database.write() as session:
            found = placed(session, confirmed(session, order), place)
            links.may_act_on(found.person, current_user.person)
            closing.cancel_person(session, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        return _refused(refusal, order)
    portal().wake()
    flash("They are given up, and their link is dead.", "success")
    return _back(order)


@blueprint.post("/<uuid:order>/people/<uuid:place>/retry")
def retry(order: UUID, place: UUID) -> Response:
    """Look anew whether somebody can be taken in."""
    try:
        with portal().database.write() as session:
            found = placed(session, confirmed(session, order), place)
            taken_in = retrying.retry(session, found, actor=current_user.person, now=portal().now())
    except Refusal as refusal:
        return _refused(refusal, order)
    portal().wake()
    flash(
        "They are in the request now." if taken_in else "What stood in the way still does.",
        "success" if taken_in else "warning",
    )
    return _back(order)


def _refused(refusal: Refusal, order: UUID) -> Response:
    """Say at the request what stood in the way."""
    if refusal.status == 404:
        raise refusal
    flash(refusal.sentence, "warning")
    return _back(order)


def _back(order: UUID, anchor: str | None = None) -> Response:
    """To the page of people that was looked at."""
    kept = {
        name: value
        for name in ("q", "state", "after", "before")
        if (value := request.form.get(name))
    }
    return redirect(url_for(".show", order=order, **kept, _anchor=anchor), 303)
