"""Secrets at rest: a key for each use, rotation, and the canary."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from services.sealing import SealBroken, Sealer, check_canary

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_what_was_sealed_opens_again_and_does_not_show():
    sealed = Sealer([OLD]).seal("directory", "ory_pat_secret")
    assert b"ory_pat_secret" not in sealed
    assert Sealer([OLD]).open("directory", sealed) == "ory_pat_secret"


def test_what_was_sealed_for_one_use_does_not_open_for_another():
    sealed = Sealer([OLD]).seal("directory", "secret")
    with pytest.raises(SealBroken):
        Sealer([OLD]).open("mail", sealed)


def test_a_new_key_in_front_opens_what_the_old_one_sealed():
    sealed = Sealer([OLD]).seal("directory", "secret")
    rotated = Sealer([NEW, OLD])
    assert rotated.open("directory", sealed) == "secret"
    resealed = rotated.reseal("directory", sealed)
    assert Sealer([NEW]).open("directory", resealed) == "secret"


def test_without_the_right_key_the_error_names_the_use_and_no_secret():
    sealed = Sealer([OLD]).seal("directory", "secret")
    with pytest.raises(SealBroken, match="directory") as broken:
        Sealer([NEW]).open("directory", sealed)
    assert "secret " not in str(broken.value).replace("stored secret", "")
    assert NEW not in str(broken.value)


def test_the_canary_refuses_keys_that_do_not_fit_the_database(portal):
    with portal.database.write() as session:
        check_canary(session, portal.sealer)
    with portal.database.write() as session, pytest.raises(SealBroken, match="sealing_canary"):
        check_canary(session, Sealer([NEW]))


def test_a_digest_agrees_with_its_own_text_use_and_key_only():
    digest = Sealer([OLD]).digest("code", "123456")
    assert Sealer([NEW, OLD]).agrees("code", "123456", digest), "while keys are rotated too"
    assert not Sealer([OLD]).agrees("code", "123457", digest)
    assert not Sealer([OLD]).agrees("mail", "123456", digest)
    assert not Sealer([NEW]).agrees("code", "123456", digest)
    assert not Sealer([OLD]).agrees("code", "123456", b"")
