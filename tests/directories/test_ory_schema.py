"""Identity schemas: which traits there are, and what must be filled."""

from __future__ import annotations

import pytest

from directories.ory import TraitMapping, check_mapping, fixed_value, walk
from directories.ory.mapping import build_traits, trait_at
from directories.ory.schema import DEEPEST, MOST_TRAITS, escaped, names_in
from emulators.ory.seed import PERSON, STAFF


def traits(properties, required=(), **more) -> dict:
    inner = {"type": "object", "properties": properties, "required": list(required), **more}
    return {"properties": {"traits": inner}}


TEXT = {"type": "string"}


def paths(schema) -> list[str]:
    return [trait.path for trait in walk(schema).traits]


def test_the_ready_schema_is_walked():
    walked = walk(PERSON)
    assert paths(PERSON) == ["email", "name.first", "name.last"]
    email = walked.trait("email")
    assert (email.title, email.required, email.identifier) == ("E-Mail", True, True)
    assert walked.passkey_display_name is email
    assert walked.trait("name.first").title == "First name"
    assert not walked.trait("name.first").required
    assert walked.notes == ()


def test_what_is_required_inside_a_required_object_is_required():
    walked = walk(STAFF)
    required = [trait.path for trait in walked.traits if trait.required]
    assert required == ["email", "name.display", "department"]


def test_what_is_required_inside_an_optional_object_is_required_with_it():
    name = {"properties": {"first": TEXT, "last": TEXT}, "required": ["last"]}
    deep = {"properties": {"inner": name}, "required": ["inner"]}
    walked = walk(traits({"email": TEXT, "name": name, "deep": deep}))
    assert walked.trait("name.last").required_when == "name"
    assert walked.trait("name.first").required_when is None
    assert walked.trait("deep.inner.last").required_when == "deep"


def test_references_inside_the_document_and_all_of_are_followed():
    schema = traits(
        {
            "email": {"$ref": "#/definitions/mail"},
            "name": {"allOf": [{"$ref": "#/definitions/na~1me"}, {"required": ["last"]}]},
        },
        ["email", "name"],
    )
    schema["definitions"] = {
        "mail": {
            "type": "string",
            "title": "Mail",
            "ory.sh/kratos": {"credentials": {"code": {"identifier": True, "via": "email"}}},
        },
        "na/me": {"properties": {"first": TEXT, "last": TEXT}},
    }
    walked = walk(schema)
    assert [trait.path for trait in walked.traits] == ["email", "name.first", "name.last"]
    assert walked.trait("email").identifier
    assert walked.trait("name.last").required
    assert walked.notes == ()


def test_traits_by_reference_are_found():
    schema = {"properties": {"traits": {"$ref": "#/definitions/t"}}}
    schema["definitions"] = {"t": {"properties": {"a": TEXT}, "required": ["a"]}}
    assert walk(schema).trait("a").required


@pytest.mark.parametrize(
    ("child", "note"),
    [
        ({"$ref": "https://evil.example/schema"}, "not followed"),
        ({"$ref": "#/definitions/none"}, "not followed"),
        ({"anyOf": [TEXT, {"type": "number"}]}, "anyOf"),
        ({"oneOf": [TEXT]}, "oneOf"),
        ({"if": {}, "then": {}}, "if"),
        ({"patternProperties": {}}, "patternProperties"),
    ],
)
def test_what_cannot_be_followed_is_named_and_kept_as_a_trait(child, note):
    walked = walk(traits({"thing": child}, ["thing"]))
    assert any(note in one and "thing" in one for one in walked.notes)
    assert walked.trait("thing").required


def test_what_is_required_and_not_described_is_named():
    walked = walk(traits({}, ["ghost"]))
    assert walked.trait("ghost").required
    assert "ghost" in walked.notes[0]


def test_loops_and_depths_end():
    loop = traits({"a": {"$ref": "#/properties/traits"}})
    assert walk(loop).notes
    deep: dict = {"x": TEXT}
    for _ in range(DEEPEST * 3):
        deep = {"x": {"properties": deep}}
    assert any("too deep" in note for note in walk(traits(deep)).notes)
    many = traits({f"t{n}": TEXT for n in range(MOST_TRAITS + 5)})
    assert len(walk(many).traits) == MOST_TRAITS
    chain = traits({"a": {"$ref": "#/d/0"}})
    chain["d"] = {str(n): {"$ref": f"#/d/{n + 1}"} for n in range(DEEPEST * 4)}
    assert any("too many references" in note for note in walk(chain).notes)


def test_branches_that_multiply_end():
    schema = traits({"a": {"$ref": "#/d"}})
    schema["d"] = {"properties": {f"b{n}": {"$ref": "#/d"} for n in range(50)}}
    assert any("too large" in note for note in walk(schema).notes)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"properties": []},
        {"properties": {"traits": []}},
        {"properties": {"traits": {"properties": {"a": 5, "b": True, "": TEXT}, "required": 7}}},
        traits({"a": {"type": [1, {}], "enum": 5, "title": [], "ory.sh/kratos": []}}),
        traits({"a": {"allOf": {}, "$ref": 5, "properties": 9}}),
        traits({"a": {"ory.sh/kratos": {"credentials": {"password": True, "passkey": []}}}}),
    ],
)
def test_anything_can_be_walked(schema):
    walked = walk(schema)
    check_mapping(walked, TraitMapping(email="a"))


def test_dots_in_names_are_told_from_dots_between_them():
    schema = traits({"a.b": {"properties": {"c\\d": TEXT}}})
    [trait] = walk(schema).traits
    assert names_in(trait.path) == ("a.b", "c\\d")
    mapping = TraitMapping(email=trait.path)
    assert check_mapping(schema, mapping) == ()
    assert names_in(escaped("x.y\\")) == ("x.y\\",)


# -- mapping ------------------------------------------------------------------------------------

GOOD = TraitMapping(email="email", given_name="name.first", family_name="name.last")


def fields(schema, mapping) -> dict[str, str]:
    return {problem.field: problem.sentence for problem in check_mapping(schema, mapping)}


def test_a_mapping_that_fits_has_no_problem():
    assert check_mapping(PERSON, GOOD) == ()


def test_required_traits_left_unmapped_are_named():
    found = fields(STAFF, TraitMapping(email="email"))
    assert set(found) == {"mapping.fixed.name.display", "mapping.fixed.department"}
    assert "department (Department)" in found["mapping.fixed.department"]
    filled = TraitMapping(email="email", display_name="name.display", fixed={"department": "Works"})
    assert check_mapping(STAFF, filled) == ()


def test_the_address_must_go_somewhere():
    assert "mapping.email" in fields(PERSON, TraitMapping())


def test_a_trait_takes_one_thing():
    found = fields(PERSON, TraitMapping(email="email", given_name="email"))
    assert "already takes: E-mail" in found["mapping.given_name"]
    found = fields(PERSON, TraitMapping(email="email", fixed={"email": "x"}))
    assert "already takes" in found["mapping.fixed.email"]


def test_traits_that_are_not_there_are_named():
    found = fields(PERSON, TraitMapping(email="mail", fixed={"x.y": 1}))
    assert "no trait mail" in found["mapping.email"]
    assert "no trait x.y" in found["mapping.fixed.x.y"]


def test_names_go_into_text_only():
    schema = traits(
        {"n": {"type": "number"}, "e": {"type": "string", "enum": ["a"]}, "free": {}, "o": TEXT}
    )
    found = fields(schema, TraitMapping(email="n", given_name="e", family_name="free"))
    assert "number" in found["mapping.email"]
    assert "fixed list" in found["mapping.given_name"]
    assert "mapping.family_name" not in found


def test_writing_into_an_optional_object_demands_what_it_requires():
    name = {"properties": {"first": TEXT, "last": TEXT}, "required": ["last"]}
    schema = traits({"email": TEXT, "name": name})
    assert check_mapping(schema, TraitMapping(email="email")) == ()
    found = fields(schema, TraitMapping(email="email", given_name="name.first"))
    assert "everything in name" in found["mapping.fixed.name.last"]


VALUES = traits(
    {
        "t": TEXT,
        "b": {"type": "boolean"},
        "i": {"type": "integer"},
        "n": {"type": ["number", "null"]},
        "l": {"type": "array"},
        "e": {"enum": ["red", 5]},
        "c": {"type": "boolean", "const": True},
        "any": {},
    }
)


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("t", "5", "5"),
        ("b", "true", True),
        ("i", "5", 5),
        ("n", "null", None),
        ("n", "0.5", 0.5),
        ("l", '["a"]', ["a"]),
        ("e", "red", "red"),
        ("c", "true", True),
        ("any", "x", "x"),
    ],
)
def test_fixed_values_take_the_type_of_their_trait(path, text, value):
    trait = walk(VALUES).trait(path)
    assert fixed_value(trait, text) == value
    problems = check_mapping(VALUES, TraitMapping(email="t2", fixed={path: value}))
    assert not [one for one in problems if one.field.startswith("mapping.fixed")]


@pytest.mark.parametrize(
    ("path", "text"),
    [("b", "yes"), ("b", "1"), ("i", "1.5"), ("i", "true"), ("l", "{}"), ("l", "[" * 9999),
     ("e", "blue"), ("c", "false")],
)  # fmt: skip
def test_fixed_values_that_do_not_fit_say_what_would(path, text):
    with pytest.raises(ValueError, match=f"^{path} takes"):
        fixed_value(walk(VALUES).trait(path), text)


def test_traits_are_built_without_empty_ones(person):
    from dataclasses import replace

    mapping = replace(GOOD, display_name="display", fixed={"a.b": [1], "name.title": "Dr"})
    built = build_traits(mapping, replace(person, given_name=""))
    assert built == {
        "a": {"b": [1]},
        "name": {"title": "Dr", "last": "Somerville"},
        "email": "Mary.Somerville@example.com",
        "display": "Mary Somerville",
    }
    assert trait_at(built, "name.last") == "Somerville"
    assert trait_at(built, "email.x") is None
    formatted = replace(mapping, display_format="{Last}, {First} {Middle}")
    assert build_traits(formatted, person)["display"] == "Somerville, Mary Fairfax"


def test_a_fixed_value_is_never_shared_between_people(person):
    mapping = TraitMapping(email="email", given_name="o.first", fixed={"o": {"kept": 1}})
    build_traits(mapping, person)
    assert mapping.fixed == {"o": {"kept": 1}}
