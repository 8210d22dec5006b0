"""JSON that a directory or an administrator may hand us, and what neither may."""

from __future__ import annotations

import pytest

from directories.base import Misconfigured
from directories.ory import TraitMapping, check_mapping, fixed_value, walk
from directories.ory.documents import IdentityDocument
from directories.ory.naming import format_problem
from directories.strict_json import DEEPEST, NotStrict, loads


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    "text", ['{"a": [1, 0.5, null, "é😀"]}', '"\\ud83d\\ude00"', nested(DEEPEST), b"7"]
)
def test_json_is_read(text):
    assert loads(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "NaN", "[-Infinity]", "1e999", '{"a": -1e999}', "9" * 5000),
        *(r'"\u0000"', r'{"\u0000": 1}', r'["\ud800"]', r'"\ude00\ud83d"'),
        *(nested(DEEPEST + 2), nested(100_000)),
        '"\\ud800"'.encode("utf-16"),
    ],
)
def test_what_cannot_be_kept_is_refused(text):
    with pytest.raises(NotStrict):
        loads(text)


@pytest.mark.parametrize("text", ["NaN", "1e999", r'"\u0000"', r'["\ud800"]'])
def test_no_fixed_value_is_one_of_them(text):
    schema = {"properties": {"traits": {"properties": {"a": {"type": ["number", "array"]}}}}}
    with pytest.raises(ValueError, match="takes"):
        fixed_value(walk(schema).traits[0], text)


def test_neither_a_fixed_text_nor_a_format_holds_a_nul():
    schema = {"properties": {"traits": {"properties": {"a": {"type": "string"}}}}}
    with pytest.raises(ValueError, match="control"):
        fixed_value(walk(schema).traits[0], "a\0b")
    assert "control" in format_problem("{First}\0")


@pytest.mark.parametrize("name", ["", ".", "..", "a\0b", "a b", "é", "x" * 256, 7, None])
def test_an_identity_goes_by_a_plain_id(name):
    with pytest.raises(Misconfigured):
        IdentityDocument.read({"id": name})


@pytest.mark.parametrize("place", ["9" * 5000, "٣", "-1", "01", "1.0"])
def test_a_reference_into_a_list_is_a_plain_number(place):
    schema = {
        "properties": {"traits": {"properties": {"a": {"$ref": f"#/list/{place}"}}}},
        "list": [{"type": "string"}] * 4,
    }
    walked = walk(schema)
    assert walked.traits[0].types == () and "not followed" in walked.notes[0]
    assert check_mapping(walked, TraitMapping(email="a")) == ()


def test_a_schema_that_repeats_a_long_list_is_given_up_in_time():
    """Each of the traits would otherwise walk every part: fifty million steps."""
    schema = {
        "properties": {
            "traits": {"properties": {f"t{n}": {"$ref": "#/all"} for n in range(500)}},
        },
        "all": {"allOf": [{"title": str(n)} for n in range(100_000)]},
    }
    assert "too large" in walk(schema).notes[-1]
