"""A key for Entra ID, from its challenge to its list of methods, at a running emulated tenant."""

from __future__ import annotations

import json

import pytest

from directories import oauth
from directories.entra import ceremony as entra_ceremony
from emulators.entra.running import running
from services.ceremonies import CeremonyRefusal, DirectoryTrouble
from tests.authenticator.key import BrowserError
from tests.services.ceremonies import vendors
from tests.services.ceremonies.issuing import begin, touch


class Scene:
    """A person whose record in a tenant is known."""

    def __init__(self, bench, world, tenant) -> None:
        self.bench, self.world, self.tenant = bench, world, tenant
        bench.choose("hid_crescendo")
        tenant.control.lag(0)
        self.person = bench.person()
        self.remote = tenant.control.add_user(displayName="Key Holder")["id"]
        self.directory = vendors.connect_entra(bench.portal, tenant)
        vendors.link(bench.portal, self.directory, self.person, self.remote)

    def begin(self):
        return begin(self.bench, self.person, self.directory)

    def finish(self, begun, key=None, **twists):
        answer = json.dumps(touch(self.bench, key or self.world.key(), begun, **twists))
        return self.bench.finish(self.person, begun.ceremony, answer)

    def held(self) -> int:
        return len(self.tenant.control.passkeys(self.remote))


@pytest.fixture
def scene(bench, world, monkeypatch):
    monkeypatch.setattr(entra_ceremony, "PAUSES", (0.0, 0.0))
    oauth.forget_all()
    with running(people=5) as tenant:
        yield Scene(bench, world, tenant)
    oauth.forget_all()


def test_a_key_is_made_judged_registered_and_read_back(scene):
    begun = scene.begin()
    assert begun.origin == "https://login.microsoft.com"
    assert len(begun.options["challenge"]) > 6000
    passkey = scene.finish(begun)
    assert scene.held() == 0, "nothing is sent before it is stored"
    assert (passkey.rp_id, passkey.own) == ("login.microsoft.com", False)
    vendors.work(scene.bench.portal)
    assert scene.held() == 1
    assert vendors.placed(scene.bench.portal, passkey, scene.directory)


def test_a_page_of_ours_cannot_make_it(scene):
    with pytest.raises(BrowserError, match="SecurityError"):
        scene.world.key().create(scene.begin().options, origin=scene.bench.origin)


def test_an_answer_that_names_our_page_is_not_taken(scene):
    begun = scene.begin()
    with pytest.raises(CeremonyRefusal, match="origin_wrong"):
        scene.finish(begun, client_origin=scene.bench.origin)
    vendors.work(scene.bench.portal)
    assert scene.held() == 0


def test_a_key_that_is_registered_there_refuses_at_once(scene):
    key = scene.world.key()
    scene.finish(scene.begin(), key)
    vendors.work(scene.bench.portal)
    with pytest.raises(BrowserError, match="InvalidStateError"):
        touch(scene.bench, key, scene.begin())


def test_a_model_that_is_refused_here_is_never_sent(scene):
    with pytest.raises(CeremonyRefusal, match="model_not_allowed"):
        scene.finish(scene.begin(), scene.world.other_key())
    vendors.work(scene.bench.portal)
    assert scene.held() == 0


def test_a_form_of_attestation_that_entra_takes_from_nobody_is_never_sent(scene):
    with pytest.raises(CeremonyRefusal, match="attestation_format_not_taken"):
        scene.finish(scene.begin(), attestation="fido-u2f")
    vendors.work(scene.bench.portal)
    assert scene.held() == 0


def test_entra_keeps_nothing_of_what_nobody_finishes(scene):
    scene.begin()
    scene.bench.portal.now.forward(days=1)
    scene.tenant.control.forget_requests()
    vendors.work(scene.bench.portal)
    assert scene.tenant.control.requests() == []


def test_vague_errors_come_with_what_was_found(scene):
    scene.tenant.control.policy(isSelfServiceRegistrationAllowed=False)
    with pytest.raises(DirectoryTrouble) as refused:
        scene.begin()
    trouble = refused.value
    assert trouble.cause.startswith("entra.") and trouble.request_id
    assert trouble.findings and trouble.reason in trouble.sentence
