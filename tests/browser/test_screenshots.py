"""What `script/screenshots` keeps to without taking any."""

from __future__ import annotations

from tests.browser.screenshots import named
from tests.browser.test_every_page import PUBLIC, SIGNED_IN


def test_every_page_has_a_picture_of_its_own():
    names = [named(path) for path in (*PUBLIC, *SIGNED_IN)]
    assert len(set(names)) == len(names) and all(names)
    assert named("/") == "first-page"
    assert named("/admin/models?q=HID") == "admin-models"
