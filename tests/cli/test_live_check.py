"""`script/live-check` against the emulated directories: what it tries, writes, and says."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.live_check.__main__ import main
from cli.live_check.given import ASKED, MORE, Given
from directories import oauth
from emulators.entra.running import running as entra
from emulators.ory.running import running as ory
from emulators.pingone.running import running as pingone


@pytest.fixture(autouse=True)
def no_tokens():
    oauth.forget_all()
    yield
    oauth.forget_all()


def nobody(prompt: str) -> str:
    raise AssertionError(f"asked for {prompt}")


def given(**told: str) -> Given:
    names = {f"LIVE_CHECK_{name.upper()}": value for name, value in told.items()}
    names["LIVE_CHECK_PRIVATE_DESTINATIONS"] = "127.0.0.0/8,localhost"
    return Given(names, ask=nobody, ask_secret=nobody)


def entra_settings(tenant) -> dict[str, str]:
    return {
        "tenant_id": tenant.tenant_id,
        "client_id": tenant.client_id,
        "login_url": tenant.url,
        "graph_url": tenant.url,
        "secret": tenant.client_secret,
    }


def test_ory_is_written_to_and_left_as_it_was(capsys):
    with ory() as running:
        before = [one["id"] for one in running.control.identities()]
        code = main(["ory"], given(endpoint=running.url, secret=running.api_key))
        after = [one["id"] for one in running.control.identities()]
        key = running.api_key
    said = capsys.readouterr().out
    assert code == 0, said
    assert after == before
    for step in ("a throwaway person is made", "the passkey is removed", "person is removed"):
        assert f"passed   {step}" in said or step in said
    assert "Nothing failed." in said and key not in said


def test_a_throwaway_person_is_removed_even_when_something_fails(capsys):
    with ory() as running:
        before = len(running.control.identities())
        running.control.fail(times=50, status=500, path="/admin/identities/", method="PUT")
        running.control.fail(times=50, status=500, path="/admin/identities/", method="PATCH")
        code = main(["ory"], given(endpoint=running.url, secret=running.api_key))
        assert len(running.control.identities()) == before
    said = capsys.readouterr().out
    assert code == 1 and "FAILED" in said and "failed." in said


def test_entra_is_only_read(capsys):
    with entra(people=3) as tenant:
        code = main(["entra"], given(**entra_settings(tenant)))
        methods = {one.method for one in tenant.control.requests()}
        paths = [one.path for one in tenant.control.requests()]
        secret = tenant.client_secret
    said = capsys.readouterr().out
    assert code == 0, said
    assert methods <= {"GET", "POST"} and "throwaway" not in said and secret not in said
    assert "passed   its own rules are read" in said
    assert "passed   people are listed, page by page" in said
    assert "passed   it is read how else they sign in: Password" in said
    assert "passed   what a registration for them would meet is looked at: entra." in said
    assert not any("creationOptions" in path or "temporaryAccess" in path for path in paths)


def test_an_optional_permission_that_is_missing_is_no_failure(capsys):
    with entra(people=3) as tenant:
        narrow = ("User.Read.All", "Group.Read.All", "UserAuthMethod-Passkey.ReadWrite.All")
        tenant.control.consent(*narrow)
        code = main(["entra"], given(**entra_settings(tenant)))
    said = capsys.readouterr().out
    assert code == 0, said
    assert "unknown  it is read how else they sign in:" in said and "[entra.permission]" in said
    assert "unknown  its own rules are read:" in said
    assert "passed   what a registration for them would meet is looked at: entra." in said


def test_entra_with_a_certificate_reads_it_from_files(capsys, tmp_path):
    with entra(people=3) as tenant:
        (tmp_path / "certificate.pem").write_text(tenant.certificate)
        (tmp_path / "key.pem").write_text(tenant.private_key)
        settings = entra_settings(tenant) | {
            "certificate_file": str(tmp_path / "certificate.pem"),
            "private_key_file": str(tmp_path / "key.pem"),
        }
        del settings["secret"]
        assert main(["entra"], given(**settings)) == 0, capsys.readouterr().out


def test_pingone_is_only_read(capsys):
    with pingone(people=3) as ping:
        written = {name: value for name, value in ping.connection().items() if value}
        written.pop("mfa_policy_name")
        code = main(["pingone"], given(**written))
        methods = {one.method for one in ping.control.requests() if "/as/token" not in one.path}
        secret = ping.client_secret
    said = capsys.readouterr().out
    assert code == 0, said
    assert methods == {"GET"} and secret not in said
    assert "passed   MFA policies are listed" in said
    assert "passed   it is read how else they sign in" in said
    assert "would meet is looked at: pingone." in said


def test_a_wrong_secret_fails_and_is_not_shown(capsys):
    with entra(people=3) as tenant:
        wrong = entra_settings(tenant) | {"secret": "wrong~and~secret"}
        assert main(["entra"], given(**wrong)) == 1
    said = capsys.readouterr().out
    assert "AADSTS7000215" in said and "wrong~and~secret" not in said


def test_what_the_environment_does_not_say_is_asked_for(capsys):
    asked = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813"

    def typed(prompt: str) -> str:
        asked.append(prompt)
        return "5b1d9a60-7c2e-4f18-8a43-d6e0f2b7c951"

    assert main(["entra"], Given({}, ask=answer, ask_secret=typed)) == 2
    assert asked == ["tenant id: ", "client id: ", "secret: "]
    assert "Nothing was tried:" in capsys.readouterr().out


def test_secrets_are_never_arguments():
    with pytest.raises(SystemExit):
        main(["entra", "--secret", "x"], Given({}))


def test_every_name_it_reads_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "live-check.md").read_text()
    emulators_only = {"login_url", "graph_url", "auth_url", "api_url", "credential"}
    for kind in ASKED:
        for name in {*ASKED[kind], *MORE[kind]} - emulators_only:
            assert f"`LIVE_CHECK_{name.upper()}`" in page, name
