from __future__ import annotations

import ipaddress

import pytest

from directories.destinations import Destinations

PUBLIC = ("93.184.215.14", "1.1.1.1", "2606:4700:4700::1111")
NOT_PUBLIC = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1",
    "198.18.0.1", "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "ff02::1",
    "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:1.1.1.1", "::ffff:0:1.1.1.1",
    "::1.1.1.1", "2002:7f00:1::", "2002:101:101::", "64:ff9b::7f00:1", "64:ff9b::101:101",
    "64:ff9b:1::101:101", "2001:0:4136:e378::1",
)  # fmt: skip


def address(text: str):
    return ipaddress.ip_address(text)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_take_https_and_never_plain_http(text):
    rules = Destinations()
    assert rules.admits("ory.example.com", address(text), plain=False)
    assert not rules.admits("ory.example.com", address(text), plain=True)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_no_other_address_passes_by_itself(text):
    assert not Destinations().admits("ory.example.com", address(text), plain=False)


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "::1", "fd12::1"])
def test_a_named_host_may_be_local(text):
    rules = Destinations.of(["Kratos.Internal."])
    assert rules.admits("kratos.internal", address(text), plain=True)
    assert rules.admits("KRATOS.internal.", address(text), plain=False)
    assert not rules.admits("evil-kratos.internal", address(text), plain=False)


@pytest.mark.parametrize(
    "text", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:127.0.0.1"]
)
def test_a_named_host_never_leads_to_metadata_or_disguised_addresses(text):
    assert not Destinations.of(["kratos.internal"]).admits(
        "kratos.internal", address(text), plain=False
    )


def test_a_named_host_at_a_public_address_still_needs_https():
    rules = Destinations.of(["kratos.example.com"])
    assert rules.admits("kratos.example.com", address("1.1.1.1"), plain=False)
    assert not rules.admits("kratos.example.com", address("1.1.1.1"), plain=True)


def test_a_named_network_admits_whatever_resolves_into_it():
    rules = Destinations.of(["10.20.0.0/16", "192.168.7.7"])
    assert rules.admits("any.example.com", address("10.20.3.4"), plain=True)
    assert rules.admits("any.example.com", address("192.168.7.7"), plain=False)
    assert not rules.admits("any.example.com", address("10.21.0.1"), plain=False)
    assert not rules.admits("any.example.com", address("192.168.7.8"), plain=False)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://user:word@ory.example.com", "user name"),
        ("https://user@ory.example.com", "user name"),
        ("https://@ory.example.com", "user name"),
        ("https://ory.example.com/#a", "after #"),
        ("https://ory.example.com/#", "after #"),
        ("http://ory.example.com", "https"),
        ("ftp://ory.example.com", "https://"),
        ("file:///etc/passwd", "https://"),
        ("//ory.example.com", "https://"),
        ("ory.example.com", "https://"),
        ("https://", "https://"),
        ("https://ory.example.com:0", "https://"),
        ("https://ory.example.com:99999", "not a web address"),
        ("https://[::1", "not a web address"),
        ("https://evil.example\\@ory.example.com", "https://"),
        ("https://ory.example.com/a b", "spaces"),
        ("https://ory.example.com/\r\nX: y", "spaces"),
        ("https://127.0.0.1", "not public"),
        ("https://[::ffff:10.0.0.1]", "not public"),
        ("http://127.0.0.1:5001", "Plain http"),
        ("http://[::1]:5001", "Plain http"),
    ],
)
def test_addresses_that_are_refused_as_typed(url, says):
    assert says in Destinations().url_problem(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:5001",
        "http://LOCALHOST.:5001/base",
        "http://127.0.0.1:4434",
        "http://[::1]:4434",
        "https://slug.projects.oryapis.com",
        "https://1.1.1.1",
    ],
)
def test_addresses_that_a_trial_takes(url):
    assert Destinations.of(["localhost", "127.0.0.0/8", "::1/128"]).url_problem(url) == ""
