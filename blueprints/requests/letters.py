"""Invitations on paper: a page of letters, each with a link that is made for it and shown once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from blueprints.addresses import cursor
from blueprints.context import portal
from blueprints.qr import qr_code
from blueprints.requests.area import blueprint, confirmed
from models import ProvisioningRequest
from services import invitations
from services.invitations import Words
from services.provisioning import papers, settlement
from services.refusal import Refusal

Page = Response | str | tuple[str, int]


@blueprint.route("/<uuid:order>/letters", methods=["GET", "POST"])
def letters(order: UUID) -> Page:
    """Say what printing does; by POST, make one page of letters."""
    after = cursor("after")
    if request.method == "GET":
        with portal().database.read() as session:
            found = confirmed(session, order)
            places = papers.next_page(
                session, found, actor=current_user.person, after=after, now=portal().now()
            )
            count = papers.count(session, found)
        return render_template(
            "requests/letters.html",
            order=found,
            places=places,
            count=count,
            after=after,
            size=papers.SIZE,
        )
    try:
        with portal().database.write() as session:
            found = confirmed(session, order)
            made = papers.make(
                session,
                found,
                request.form.getlist("place"),
                actor=current_user.person,
                now=portal().now(),
            )
            places = [one.name for one in settlement.wanted(session, found)]
    except Refusal as refusal:
        if refusal.status == 404:
            raise
        flash(refusal.sentence, "warning")
        return redirect(url_for(".show", order=order), 303)
    if not made:
        flash("Nobody was chosen who can be given a letter.", "info")
        return redirect(url_for(".letters", order=order), 303)
    return render_template(
        "requests/print.html",
        order=found,
        letters=[_letter(found, one, places) for one in made],
        ready=invitations.READY,
        close=invitations.CLOSE,
        last=made[-1].place.uuid,
    )


def _letter(found: ProvisioningRequest, made: papers.Paper, places: list[str]) -> dict[str, Any]:
    address = portal().settings.base_url + url_for("links.show", token=made.token)
    return {
        "person": made.person,
        "words": Words.of(
            made.person, places=places, last_day=made.last_day, reminder=made.reminder
        ),
        "address": address,
        "qr": qr_code(address),
    }
