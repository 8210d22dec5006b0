"""Every page of a directory, of each type: clean in all looks."""

from __future__ import annotations

import pytest

from emulators.entra.running import running as run_entra
from emulators.pingone.running import running as run_pingone
from tests.browser import looks, scene, vendors
from tests.browser.test_every_page import clean

OF_DELIVERIES = ("/schema", "/mapping", "/edit", "/delete", "/people", "/people/pairs")
OF_PEOPLE = ("/rules", "/edit", "/delete", "/people", "/people/groups", "/people/pairs")


@pytest.fixture(scope="module")
def stocked(shared_site, world):
    """A portal with an administrator and a directory of each type; its pages, and the key."""
    key = world.key()
    scene.administrator(shared_site, key)
    folder = shared_site.portal.settings.data_dir / "emulators"
    with (
        run_entra(people=3, data_dir=folder / "entra") as tenant,
        run_pingone(people=3, data_dir=folder / "pingone") as ping,
    ):
        ory, entra, pingone = (
            f"/admin/directories/{one.uuid}"
            for one in (
                scene.ory(shared_site),
                vendors.entra(shared_site, tenant),
                vendors.pingone(shared_site, ping),
            )
        )
        paths = [
            "/admin/directories",
            *(f"{ory}{page}" for page in ("", *OF_DELIVERIES)),
            *(f"{one}{page}" for one in (entra, pingone) for page in ("", *OF_PEOPLE)),
            f"{pingone}/mfa-policy",
        ]
        yield key, paths


@pytest.fixture
def site(shared_site):
    return shared_site


def test_every_page_of_a_directory_is_clean(stocked, visit):
    key, paths = stocked
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    clean(ada, paths)
