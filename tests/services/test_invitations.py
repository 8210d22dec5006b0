"""The words of an invitation: the same in text and HTML, with nothing from elsewhere."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser

import pytest

from models import Person
from services import invitations
from services.invitations import Words

ADDRESS = "https://keys.example.com/links/a-token-of-the-test"
LAST = date(2031, 5, 4)


@pytest.fixture
def bob() -> Person:
    return Person(email="bob@example.com", display_name="Bob <b>O'Neil</b>")


def letter(person, **more):
    words = Words.of(person, **{"places": ["Ory", "Contoso"], "last_day": LAST, **more})
    return invitations.letter(person, words, ADDRESS, portal="Keys & more")


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f"{data} "


def test_text_and_html_say_the_same(bob):
    made = letter(bob)
    shown = Tags(made.html).text
    for part in (
        "Hello Bob <b>O'Neil</b>,",
        "It will open Ory and Contoso.",
        "until 4 May 2031 (UTC)",
        invitations.READY,
        invitations.CLOSE,
        ADDRESS,
        "Keys & more",
    ):
        assert part in made.text and part in shown
    assert made.subject == "Keys & more: register your security key"
    assert (made.address, made.secret) == ("bob@example.com", "a-token-of-the-test")
    assert "a-token" not in repr(made.subject)


def test_the_html_loads_nothing_and_leads_only_to_the_link(bob):
    tags = Tags(letter(bob).html).tags
    assert {tag for tag, _ in tags}.isdisjoint(
        {"img", "link", "script", "style", "iframe", "object", "form", "svg", "base"}
    )
    named = {name for _, attributes in tags for name in attributes}
    assert named <= {"lang", "charset", "name", "content", "style", "href"}
    assert [one["href"] for _, one in tags if "href" in one] == [ADDRESS]
    assert all("url(" not in (one.get("style") or "") for _, one in tags)
    addresses = re.findall(r"https?://[^\"<\s]+", letter(bob).html)
    assert set(addresses) == {ADDRESS}


def test_every_part_of_the_html_carries_its_own_style(bob):
    tags = Tags(letter(bob).html).tags
    assert all("style" in one for tag, one in tags if tag in {"body", "div", "h1", "p", "a"})


def test_a_reminder_says_so_and_that_the_link_before_is_dead(bob):
    made = letter(bob, reminder=True)
    assert made.subject == "Keys & more: reminder: register your security key"
    assert "takes the place of the one before" in made.text


@pytest.mark.parametrize(
    ("places", "words"),
    [([], ""), (["Ory"], "open Ory."), (["A", "B", "C"], "open A, B and C.")],
    ids=["none", "one", "three"],
)
def test_what_the_key_opens_is_listed_where_it_is_anything(bob, places, words):
    text = letter(bob, places=places).text
    assert words in text
    assert ("It will open" in text) == bool(places)
