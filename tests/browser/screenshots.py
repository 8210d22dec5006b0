"""Pictures of every page of a portal that is staged for them: `script/screenshots [FOLDER]`."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from emulators.entra.running import Running as Entra
from emulators.entra.running import running as run_entra
from emulators.pingone.running import Running as PingOne
from emulators.pingone.running import running as run_pingone
from models.db import Database
from models.migrate import upgrade
from tests.authenticator import SoftwareKey
from tests.authenticator.world import World
from tests.browser import desks, requests, scene, vendors
from tests.browser.conftest import (
    ARGUMENTS,
    CHROMIUM,
    PATIENCE_MS,
    Site,
    Visitor,
    hold,
    open_site,
)
from tests.browser.signing_up import ask, enter, newest_code, signing_up
from tests.browser.test_every_page import PUBLIC, SIGNED_IN
from tests.mail_server import MailServer, mail_server

SCHEMES = ("light", "dark")
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


class Camera:
    """One browser in one look; it takes what it is shown.

    Args:
        folder: where the pictures of this look go.
    """

    def __init__(self, browser: Browser, site: Site, folder: Path, scheme: str, size: str) -> None:
        self._browser = browser
        self._site = site
        self._folder = folder / f"{scheme}-{size}"
        self._folder.mkdir(parents=True, exist_ok=True)
        width, height = SIZES[size]
        self._look = {
            "color_scheme": scheme,
            "viewport": {"width": width, "height": height},
            "reduced_motion": "reduce",
        }
        self.taken = 0

    @contextmanager
    def visitor(self, key: SoftwareKey | None = None) -> Iterator[Visitor]:
        """Somebody with a browser of their own, and perhaps a key."""
        context = self._browser.new_context(base_url=self._site.url, **self._look)
        context.set_default_timeout(PATIENCE_MS)
        one = Visitor(context, context.new_page(), key)
        if key is not None:
            hold(one)
        yield one
        context.close()

    def take(self, visitor: Visitor, name: str, path: str = "") -> None:
        """A picture of the page at `path`, or of the page that is open."""
        page = visitor.go(path) if path else visitor.page
        page.wait_for_load_state("networkidle")
        page.screenshot(path=self._folder / f"{name}.png", full_page=True)
        self.taken += 1


def named(path: str) -> str:
    """A file's name for a page's address."""
    return re.sub(r"[^a-z-]+", "-", path.partition("?")[0].strip("/")).strip("-") or "first-page"


class Stage:
    """A portal with an administrator, a directory, and people with keys."""

    def __init__(self, site: Site, world: World) -> None:
        self.site = site
        self.world = world
        self.link = scene.setup_link(site)
        self.number = 0

    def fill(self) -> None:
        """Put on the stage what the pages show."""
        self.key = self.world.key()
        scene.set_up(self.site, self.key)
        self.directory_row = scene.ory(self.site)
        self.directory = self.directory_row.uuid
        self.grace = scene.person(self.site)
        self.passkey = scene.passkey(self.site, self.grace, self.world.key())
        scene.link(self.site, self.grace)

    def connect(self, tenant: Entra, ping: PingOne) -> None:
        """Put the directories of the other types beside it."""
        ory = self.directory_row
        self.request = requests.staged(self.site, ory)
        self.draft = requests.draft(self.site, ory)
        self.tenant = tenant
        self.contoso = vendors.entra(self.site, tenant)
        self.entra = self.contoso.uuid
        self.pingone = vendors.pingone(self.site, ping).uuid

    def newcomer(self) -> str:
        """The path of a link for somebody who has no key yet."""
        self.number += 1
        return scene.link(self.site, scene.person(self.site, scene.names(f"Radia {self.number}")))

    def known_there(self) -> str:
        """The path of a link for a newcomer whom Entra ID knows, so that it takes two touches."""
        path = self.newcomer()
        somebody = scene.person(self.site, scene.names(f"Radia {self.number}"))
        user = self.tenant.control.add_user(displayName=f"Radia {self.number}")
        vendors.link(self.site, self.contoso, somebody, user["id"])
        return path

    def administration(self) -> dict[str, str]:
        """The pages whose address holds a UUID, by the picture's name."""
        directory = f"/admin/directories/{self.directory}"
        request, draft = (f"/admin/requests/{one.uuid}" for one in (self.request, self.draft))
        return {
            "admin-person": f"/admin/people/{self.grace.uuid}",
            "admin-person-privileges": f"/admin/people/{self.grace.uuid}/privileges",
            "admin-passkey-story": f"/admin/passkeys/{self.passkey.uuid}",
            "admin-request": request,
            "admin-request-edit": f"{request}/edit",
            "admin-request-letters": f"{request}/letters",
            "admin-request-delete": f"{request}/delete",
            "admin-request-draft": f"{draft}/edit",
            "admin-request-people": f"{draft}/people?q=grace",
            "admin-request-file": f"{draft}/people/file",
            "admin-request-directory": f"{draft}/people/{self.entra}",
            "admin-request-groups": f"{draft}/people/{self.entra}?view=groups",
            "admin-request-review": f"{draft}/review",
            "admin-directory": directory,
            "admin-directory-schema": f"{directory}/schema",
            "admin-directory-mapping": f"{directory}/mapping",
            "admin-directory-edit": f"{directory}/edit",
            "admin-directory-delete": f"{directory}/delete",
            "admin-directory-people": f"{directory}/people",
            "admin-entra": f"/admin/directories/{self.entra}",
            "admin-entra-edit": f"/admin/directories/{self.entra}/edit",
            "admin-entra-people": f"/admin/directories/{self.entra}/people",
            "admin-entra-groups": f"/admin/directories/{self.entra}/people/groups",
            "admin-entra-pairs": f"/admin/directories/{self.entra}/people/pairs",
            "admin-pingone": f"/admin/directories/{self.pingone}",
            "admin-pingone-edit": f"/admin/directories/{self.pingone}/edit",
            "admin-pingone-mfa-policy": f"/admin/directories/{self.pingone}/mfa-policy",
        }


def enrolment(camera: Camera, stage: Stage) -> None:
    """A newcomer's way from the link to the last page, and a key that is refused."""
    with camera.visitor(stage.world.key()) as radia:
        camera.take(radia, "link", stage.newcomer())
        radia.page.get_by_role("button", name="Begin").click()
        camera.take(radia, "enrol-get-ready")
        radia.page.get_by_role("button", name="Continue").click()
        camera.take(radia, "enrol-touch")
        radia.page.get_by_role("button", name="Enrol a key").click()
        radia.page.wait_for_url("**/enrol/done")
        radia.page.get_by_text("ready", exact=True).first.wait_for()
        camera.take(radia, "enrol-done")
    with camera.visitor(stage.world.other_key()) as somebody:
        page = scene.enrol(somebody, stage.newcomer())
        page.get_by_role("heading", level=1).filter(has_text="not accepted").wait_for()
        camera.take(somebody, "enrol-refused")


def touches(camera: Camera, stage: Stage) -> None:
    """An enrolment of two touches, of which this browser can make one."""
    with camera.visitor(stage.world.key()) as radia:
        radia.go(stage.known_there())
        radia.page.get_by_role("button", name="Begin").click()
        camera.take(radia, "touches-get-ready")
        radia.page.get_by_role("button", name="Continue").click()
        radia.page.get_by_role("button", name="Enrol a key").click()
        radia.page.get_by_role("heading", level=1).filter(has_text="Contoso").wait_for()
        camera.take(radia, "touches-second")
        radia.page.get_by_role("button", name="Make a command for the agent").click()
        camera.take(radia, "touches-agent")
        radia.page.get_by_text("Later", exact=True).click()
        radia.page.get_by_role("button", name="Leave it for later").click()
        camera.take(radia, "touches-done")
        scene.sign_in(radia)
        camera.take(radia, "touches-missing")


def desk(camera: Camera, stage: Stage) -> None:
    """An operator with one person after another, and a key that is refused."""
    stage.number += 1
    some = [scene.person(stage.site, scene.names(f"Annie {stage.number}{one}")) for one in "abc"]
    made = desks.staged(stage.site, some, name=f"At the desk {stage.number}")
    with camera.visitor(stage.key) as ada:
        scene.sign_in(ada)
        camera.take(ada, "desk", desks.address(made))
        ada.page.get_by_role("button", name="Begin").click()
        camera.take(ada, "desk-change-the-key")
        ada.page.get_by_role("button", name="is inserted").click()
        camera.take(ada, "desk-touch")
        ada.key = stage.world.other_key()
        ada.page.get_by_role("button", name="Enrol the key").click()
        ada.page.get_by_text("That key was not accepted").wait_for()
        camera.take(ada, "desk-refused")
        ada.key = stage.world.key()
        ada.page.get_by_role("button", name="Try another key").click()
        ada.page.get_by_text("can be handed over").wait_for()
        camera.take(ada, "desk-done")
        camera.take(ada, "desk-search", f"{desks.address(made)}?q=annie")


def sign_up(camera: Camera, stage: Stage, server: MailServer) -> None:
    """The way of somebody who was asked by nobody."""
    stage.number += 1
    with camera.visitor() as katherine:
        camera.take(katherine, "sign-in-or-sign-up", "/sign-in")
        ask(katherine.page, f"katherine{stage.number}@example.org")
        camera.take(katherine, "sign-up-other-domain")
        ask(katherine.page, f"katherine{stage.number}@example.com")
        camera.take(katherine, "sign-up-code")
        enter(katherine.page, "12")
        camera.take(katherine, "sign-up-code-wrong")
        enter(katherine.page, newest_code(katherine.page, server))
        camera.take(katherine, "sign-up-name")


def every_page(camera: Camera, stage: Stage) -> None:
    """The pages that have an address of their own."""
    with camera.visitor(stage.key) as ada:
        for path in PUBLIC:
            camera.take(ada, named(path), path)
        scene.sign_in(ada)
        for path in SIGNED_IN:
            camera.take(ada, named(path), path)
        for name, path in stage.administration().items():
            camera.take(ada, name, path)
        keys = ada.go("/passkeys").get_by_role("main").get_by_role("link").filter(has_text="HID")
        camera.take(ada, "passkey", keys.first.get_attribute("href") or "")


def beside(site: Site, name: str) -> Path:
    """Where a trial keeps the data of an emulated directory."""
    return site.portal.settings.data_dir / "emulators" / name


def main() -> int:
    """Take all pictures, and say how many and where."""
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("screenshots"))
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        migrated = Path(scratch) / "migrated.db"
        database = Database(f"sqlite:///{migrated}")
        upgrade(database)
        database.close()
        world = World()
        metadata = world.write(Path(scratch) / "metadata.json")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with (
            mail_server() as server,
            open_site(Path(scratch), migrated, metadata, **signing_up(server)) as site,
            run_entra(data_dir=beside(site, "entra")) as tenant,
            run_pingone(data_dir=beside(site, "pingone")) as ping,
        ):
            stage = Stage(site, world)
            looks = [(scheme, size) for scheme in SCHEMES for size in SIZES]
            cameras = [Camera(browser, site, folder, *look) for look in looks]
            for camera in cameras:
                with camera.visitor() as first:
                    camera.take(first, "set-up-link", stage.link)
                    camera.take(first, "sign-in-only", "/sign-in")
            stage.fill()
            stage.connect(tenant, ping)
            for camera in cameras:
                enrolment(camera, stage)
                touches(camera, stage)
                desk(camera, stage)
                sign_up(camera, stage, server)
                every_page(camera, stage)
        browser.close()
    taken = sum(camera.taken for camera in cameras)
    sys.stdout.write(f"{taken} pictures are in {folder}/\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
