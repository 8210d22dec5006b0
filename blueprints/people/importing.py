"""Adding people from a CSV file: looked at first, then confirmed."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import DataRequired

from blueprints.context import portal
from blueprints.people.routes import blueprint
from services import people_import
from services.refusal import Refusal
from services.sealing import SealBroken


class ImportForm(FlaskForm):
    """The text of a CSV file."""

    text = TextAreaField(
        "CSV", [DataRequired("Choose a file, or paste what is in it.")], render_kw={"rows": 12}
    )


@blueprint.route("/people/import", methods=["GET", "POST"])
def import_file() -> str | tuple[str, int]:
    """Ask for the file; by POST, show what each row would do."""
    form = ImportForm()
    if form.is_submitted() and form.validate():
        text = form.text.data or ""
        try:
            with portal().database.read() as database:
                rows = people_import.look(database, text)
        except Refusal as refusal:
            form.text.errors = [*form.text.errors, refusal.sentence]
        else:
            sealed = portal().sealer.seal(_use(), text).decode()
            return render_template("people/import_preview.html", rows=rows, sealed=sealed)
    page = render_template(
        "people/import.html", form=form, headers=people_import.HEADERS, most=people_import.MOST_ROWS
    )
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/people/import/confirm")
def import_confirm() -> Response:
    """Add whom the look showed, as far as that still holds."""
    try:
        text = portal().sealer.open(_use(), request.form.get("sealed", "").encode())
    except SealBroken:
        raise Refusal(
            "import_stale", "This was not looked at by you. Begin again with the file."
        ) from None
    with portal().database.write() as database:
        rows = people_import.add(database, text, actor=current_user.person, now=portal().now())
    added = sum(not row.problem for row in rows)
    left_out = len(rows) - added
    said = f"Added: {added}." + (f" Left out: {left_out}." if left_out else "")
    flash(said, "success" if added else "warning")
    return redirect(url_for(".index"), 303)


def _use() -> str:
    """What a look is sealed for: this person's import, and nobody else's."""
    return f"people import {current_user.person.uuid}"
