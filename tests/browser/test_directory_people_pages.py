"""Every page of a directory's people: axe in both themes, and no horizontal scroll on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from emulators.entra.running import running
from models import Identity
from tests.browser import looks, scene, vendors


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


def test_every_page_of_a_directorys_people_is_clean(stocked, visit):
    _, key, tenant, paths = stocked
    ada = visit(key, **looks.LOOK)
    scene.sign_in(ada)
    problems = []
    for path in paths:
        page = ada.go(path)
        expect(page.get_by_text("counting…")).to_have_count(0)
        problems += looks.problems(page)
    tenant.control.limit(0)
    page = ada.go(paths[0])
    tenant.control.clear_faults()
    problems += looks.problems(page)
    assert not problems, "\n".join(problems)
