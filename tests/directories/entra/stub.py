"""Names of a tenant that is none, and a connector on a server that says what a test wants."""

from __future__ import annotations

import json

from directories.base import RemoteIdentity
from directories.destinations import Destinations
from directories.entra.connector import EntraConnector
from directories.entra.settings import EntraSettings
from directories.http import Limits
from tests.directories.raw import answer

TENANT = "8f2c1e4b-0d7a-4c35-9e61-2b90a7d4c813"
CLIENT = "5b1d9a60-7c2e-4f18-8a43-d6e0f2b7c951"
SOMEBODY = "3c1f0a52-64fb-4a0e-9d5e-0a7a3a1f9b11"
VALUE = "abc8Q~a-value-of-a-secret.that_nobody-has"
SETTINGS = EntraSettings(TENANT, CLIENT)
HERE = Destinations.of(["127.0.0.0/8", "localhost"])
THERE = RemoteIdentity(SOMEBODY, "kim@contoso.example")
PAYLOAD = "eyJhdWQiOiJodHRwczovL2dyYXBoLm1pY3Jvc29mdC5jb20iLCJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIl19"
TOKEN = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"e30.{PAYLOAD}.c2ln"}
GOOD_TOKEN = answer(body=json.dumps(TOKEN).encode())


def at(url: str, **limits) -> EntraConnector:
    settings = EntraSettings(TENANT, CLIENT, login_url=url, graph_url=url)
    return EntraConnector(settings, VALUE, HERE, limits=Limits(**limits))
