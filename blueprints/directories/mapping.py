"""The mapping form: made for the traits of the schema that was chosen.

A trait is named in a field by its place in the walked schema, since its path may hold anything.
"""

from __future__ import annotations

import json
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import Length

from blueprints.directories.ory_forms import FORMAT, OWN_NAME
from blueprints.forms import stripped
from directories.ory import (
    DEFAULT_FORMAT,
    MappingProblem,
    Trait,
    TraitMapping,
    WalkedSchema,
    fixed_value,
)

FIXED = "fixed-"
LONGEST = 1000
PLACED = ("email", "given_name", "family_name", "display_name")


class MappingForm(FlaskForm):
    """Where each thing that is known of a person goes."""

    email = SelectField("Username", validate_choice=False)
    given_name = SelectField("First name", validate_choice=False)
    family_name = SelectField("Last name", validate_choice=False)
    display_name = SelectField("Display name", validate_choice=False)
    naming = RadioField(
        "What the display name is",
        choices=[
            SelectChoice(OWN_NAME, "The person’s display name"),
            SelectChoice(FORMAT, "A format of First, Middle and Last"),
        ],
        default=OWN_NAME,
    )
    display_format = StringField("Format", [Length(max=LONGEST)], filters=[stripped])

    fixed: list[tuple[Trait, Field]]
    """The other traits that must be filled, with their fields."""


def form_for(walked: WalkedSchema, mapping: TraitMapping) -> MappingForm:
    """The form for a schema, filled with a mapping unless something was sent.

    Every trait that the schema can demand gets a field; which of them are shown depends on what
    is mapped (`shown_fixed`).
    """
    demanded = {
        f"{FIXED}{place}": trait
        for place, trait in enumerate(walked.traits)
        if trait.required_when is not None
    }
    made = type("MadeMappingForm", (MappingForm,), {n: _field(t) for n, t in demanded.items()})
    form: MappingForm = made(data=_data(walked, mapping, demanded))
    choices = [SelectChoice("", "(not written)")]
    choices += [
        SelectChoice(trait.path, _label(trait))
        for trait in walked.traits
        if trait.takes_text and not trait.enum
    ]
    for name in PLACED:
        form[name].choices = choices
    form.email.flags.required = form.display_format.flags.required = True
    for name, trait in demanded.items():
        form[name].flags.required = trait.required
    form.fixed = [(trait, form[name]) for name, trait in demanded.items()]
    return form


def shown_fixed(form: MappingForm) -> list[tuple[Trait, Field]]:
    """The fields for what must be filled and is not mapped."""
    mapped = {form[name].data for name in PLACED}
    return [(trait, field) for trait, field in form.fixed if trait.path not in mapped]


def read(form: MappingForm) -> TraitMapping | None:
    """The mapping that was sent; None, with sentences at the fields, where a value does not fit."""
    fixed: dict[str, Any] = {}
    for trait, field in shown_fixed(form):
        if not field.data:
            continue
        try:
            fixed[trait.path] = _value(trait, field.data)
        except ValueError as error:
            field.errors = [*field.errors, str(error)]
    if any(field.errors for _, field in form.fixed):
        return None
    made = form.naming.data == FORMAT
    return TraitMapping(
        email=form.email.data or "",
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        display_name=form.display_name.data or "",
        display_format=(form.display_format.data or DEFAULT_FORMAT) if made else "",
        fixed=fixed,
    )


def refuse(form: MappingForm, problems: tuple[MappingProblem, ...]) -> None:
    """Show each problem at its field."""
    fixed = {f"mapping.fixed.{trait.path}": field for trait, field in form.fixed}
    fields = {f"mapping.{name}": form[name] for name in (*PLACED, "display_format")} | fixed
    for problem in problems:
        field = fields.get(problem.field)
        if field is None:
            form.form_errors = [*form.form_errors, problem.sentence]
        else:
            field.errors = [*field.errors, problem.sentence]


def _field(trait: Trait) -> Field:
    """The field that takes a trait's fixed value, by its schema type."""
    label = _label(trait)
    if trait.enum:
        choices = [SelectChoice("", "(choose)")]
        choices += [SelectChoice(str(at), _text(value)) for at, value in enumerate(trait.enum)]
        return SelectField(label, choices=choices, default="", description=_hint(trait))
    if trait.types == ("boolean",):
        choices = [
            SelectChoice("", "(choose)"),
            SelectChoice("true", "Yes"),
            SelectChoice("false", "No"),
        ]
        return SelectField(label, choices=choices, default="", description=_hint(trait))
    return StringField(label, [Length(max=LONGEST)], filters=[stripped], description=_hint(trait))


def _label(trait: Trait) -> str:
    return trait.path if trait.title == trait.path else f"{trait.title} ({trait.path})"


def _hint(trait: Trait) -> str:
    where = f" when anything in {trait.required_when} is written" if trait.required_when else ""
    kinds = " or ".join(trait.types)
    kind = f" It takes {kinds}, written as JSON." if kinds and not trait.takes_text else ""
    if trait.enum or trait.types == ("boolean",):
        kind = ""
    return f"The schema requires it{where}. Everybody gets the same.{kind}"


def _value(trait: Trait, text: str) -> Any:
    return trait.enum[int(text)] if trait.enum else fixed_value(trait, text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _data(
    walked: WalkedSchema, mapping: TraitMapping, demanded: dict[str, Trait]
) -> dict[str, str]:
    paths = {trait.path for trait in walked.traits}
    data = {
        name: path if path in paths else "" for name in PLACED for path in [getattr(mapping, name)]
    }
    data["naming"] = FORMAT if mapping.display_format else OWN_NAME
    data["display_format"] = mapping.display_format or DEFAULT_FORMAT
    for name, trait in demanded.items():
        if trait.path in mapping.fixed:
            value = mapping.fixed[trait.path]
            at = trait.enum.index(value) if value in trait.enum else None
            data[name] = _text(value) if at is None else str(at)
    return data
