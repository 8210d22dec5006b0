from __future__ import annotations

import pytest

from latchkey_agent.link import Link, parse
from latchkey_agent.stop import Exit, Stop

TOKEN = "A-_z" * 11


@pytest.mark.parametrize(
    ("text", "portal", "kind"),
    [
        (f"https://portal.example.com/agent/{TOKEN}", "https://portal.example.com", "agent"),
        (
            f" https://portal.example.com:8443/links/{TOKEN}\n",
            "https://portal.example.com:8443",
            "links",
        ),
        (f"http://localhost:5000/agent/{TOKEN}/", "http://localhost:5000", "agent"),
        (f"http://portal.localhost/agent/{TOKEN}", "http://portal.localhost", "agent"),
        (f"http://127.0.0.1:5000/agent/{TOKEN}", "http://127.0.0.1:5000", "agent"),
        (f"http://[::1]:5000/agent/{TOKEN}", "http://[::1]:5000", "agent"),
    ],
    ids=["a command", "a link with a port", "this machine", "a name of it", "IPv4", "IPv6"],
)
def test_an_address_is_read(text, portal, kind):
    assert parse(text) == Link(portal, kind, TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        TOKEN,
        "https://portal.example.com/",
        "https://portal.example.com/agent/short",
        f"https://portal.example.com/other/{TOKEN}",
        f"https://portal.example.com/agent/{TOKEN}/more",
        f"https://user@portal.example.com/agent/{TOKEN}",
        f"https://portal.example.com:port/agent/{TOKEN}",
        f"https:///agent/{TOKEN}",
    ],
)
def test_what_is_no_address_of_a_portal_is_not_used(text):
    with pytest.raises(Stop) as stop:
        parse(text)
    assert (stop.value.exit, stop.value.code) == (Exit.USAGE, "address_wrong")


@pytest.mark.parametrize(
    "text",
    [
        f"http://portal.example.com/agent/{TOKEN}",
        f"http://localhost.example.com/agent/{TOKEN}",
        f"http://notlocalhost/agent/{TOKEN}",
        f"ftp://portal.example.com/agent/{TOKEN}",
    ],
)
def test_a_token_is_not_sent_where_others_can_read_it(text):
    with pytest.raises(Stop) as stop:
        parse(text)
    assert stop.value.code == "address_insecure"
