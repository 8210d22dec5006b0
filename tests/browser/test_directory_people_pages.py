"""Every page of a directory's people: axe in both themes, and no horizontal scroll on a phone."""

from __future__ import annotations

import pytest

from emulators.entra.running import running
from models import Identity
from tests.browser import scene, vendors
from tests.browser.axe import violations
from tests.browser.test_every_page import overflow


@pytest.fixture(scope="module")
def stocked(shared_site, world):
    """Entra with somebody linked, a disabled guest with a person's address, and somebody free."""
    with running(people=60) as tenant:
        key = world.key()
        scene.administrator(shared_site, key)
        directory = vendors.entra(shared_site, tenant)
        linked, doubtful, free = tenant.control.users()[:3]
        tenant.control.change_user(doubtful["id"], accountEnabled=False, userType="Guest")
        person = scene.person(shared_site, vendors.names_of(linked))
        scene.person(shared_site, vendors.names_of(doubtful))
        with shared_site.portal.database.write() as session:
            session.add(
                Identity(
                    directory_id=directory.id,
                    person_id=person.id,
                    remote_id=linked["id"],
                    linked_at=shared_site.portal.now(),
                )
            )
        here = f"/admin/directories/{directory.uuid}/people"
        paths = (
            here,
            f"{here}?q=nobody-is-called-so",
            f"{here}?q={linked['mail']}&for={person.uuid}",
            f"{here}/groups",
            f"{here}/pairs",
            f"{here}/link?identity={doubtful['id']}",
            f"{here}/link?identity={doubtful['id']}&person={person.uuid}",
            f"{here}/invite?identity={free['id']}",
            f"{here}/unlink?identity={linked['id']}",
            f"/admin/people/{person.uuid}",
        )
        yield shared_site, key, tenant, paths


@pytest.fixture
def site(stocked):
    return stocked[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_every_page_of_a_directorys_people_is_clean(stocked, visit, scheme, width):
    _, key, tenant, paths = stocked
    ada = visit(
        key,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        bypass_csp=True,  # axe styles what it measures
        reduced_motion="reduce",  # and must not measure a colour on its way to another
    )
    scene.sign_in(ada)
    problems = []
    for path in paths:
        page = ada.go(path)
        page.wait_for_load_state("networkidle")
        problems += [f"{path}: {one}" for one in violations(page) + overflow(page)]
    tenant.control.limit(0)
    page = ada.go(paths[0])
    tenant.control.clear_faults()
    problems += [f"busy: {one}" for one in violations(page) + overflow(page)]
    assert not problems, "\n".join(problems)
