"""Credential ids in the three encodings that Graph writes (Entra contract section 2.2)."""

from __future__ import annotations

import base64
import random

import pytest

from directories.base import RemotePasskey
from directories.entra.documents import passkey
from directories.entra.ids import base64url, readings

LONG = (
    "XDjx9wXDrVWBmE2MbPSkXdeMERfv6gN98uxavJ0ZrSyT8jYUs2BHKjAmh4P_T3Av0",
    "5c38f1f705c3ad5581984d8c6cf4a45dd78c1117efea037df2ec5abc9d19ad2c93f23614b360472a30268783ff4f702f",
)
SHORT = ("Oy0dkr_kI6lp0loPvgEWqA2", "3b2d1d92bfe423a969d25a0fbe0116a8")
PADDED = "TZ2KrDEawbrIGQsnheGZ/BG9Nfnb7blSGwQYMGyJIhM="


def token(value: bytes) -> str:
    """As .NET's UrlTokenEncode."""
    padded = base64.urlsafe_b64encode(value).decode()
    body = padded.rstrip("=")
    return f"{body}{len(padded) - len(body)}"


@pytest.mark.parametrize(("text", "hexadecimal"), [LONG, SHORT], ids=["48-bytes", "16-bytes"])
def test_ids_seen_in_real_answers_are_read_and_in_one_way(text, hexadecimal):
    assert readings(text) == (bytes.fromhex(hexadecimal),)


def test_standard_base64_of_an_exclude_list_is_read():
    assert readings(PADDED) == (base64.b64decode(PADDED),)


@pytest.mark.parametrize("size", [16, 20, 32, 48, 64, 80])
def test_each_encoding_of_an_id_is_among_its_readings(size):
    chance = random.Random(size)
    for _ in range(200):
        value = chance.randbytes(size)
        standard = base64.b64encode(value).decode()
        padded = base64.urlsafe_b64encode(value).decode()
        for text in (standard, padded, base64url(value), token(value)):
            assert value in readings(text)


@pytest.mark.parametrize("size", [20, 32])
def test_where_a_text_can_be_read_in_two_ways_both_are_kept(size):
    value = random.Random(7).randbytes(size)
    found = readings(token(value))
    assert len(found) == 2
    assert value in found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "a",
        "é" * 4,
        "a b c",
        "====",
        "AA=A",
        "A" * 4000,
        "0f0e1ae2-35ab-4a5e-8fd2-27c1c8d9b0aa",
    ],
    ids=["empty", "digit", "letter", "accent", "space", "padding", "inside", "long", "guid"],
)
def test_what_encodes_no_id_has_no_reading(text):
    assert readings(text) == ()


def test_a_passkey_is_ours_by_any_reading_and_never_certainly_anothers():
    ours = random.Random(3).randbytes(32)
    read = passkey({"id": token(ours), "displayName": "Blue", "model": "Crescendo Key"})
    assert read is not None
    assert read.is_credential(ours) is True
    assert read.is_credential(b"another") is None
    assert (read.remote_id, read.model) == (token(ours), "Crescendo Key")


def test_a_passkey_whose_id_is_known_is_certainly_ours_or_not():
    known = RemotePasskey("x", b"ours")
    assert (known.is_credential(b"ours"), known.is_credential(b"other")) == (True, False)
