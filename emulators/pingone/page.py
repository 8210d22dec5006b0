"""A page for people: what this is, and which passkeys its users hold. No secrets."""

from __future__ import annotations

from flask import Blueprint, render_template_string

from emulators.pingone import fido_policies
from emulators.pingone.emulator import PingOne
from emulators.pingone.known import ENVIRONMENT

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Emulated PingOne</title>
</head>
<body>
<main>
<h1>Emulated PingOne</h1>
<p>A local stand-in for PingOne, environment <code>{{ environment }}</code>. Nothing here leaves
this computer. The worker's secret is in <code>connection.json</code> in its data folder.</p>
<h2>FIDO policies</h2>
<ul>
{% for policy in policies %}
<li>{{ policy.name }}{% if policy.default %} (default){% endif %}: RP ID
<code>{{ policy.relyingPartyId }}</code></li>
{% endfor %}
</ul>
<h2>Users with passkeys</h2>
<table>
<thead><tr><th scope="col">User</th><th scope="col">Passkeys</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><td>{{ row.username }}<br><small>{{ row.id }}</small></td>
<td>{% for key in row.passkeys %}{{ key }}<br>{% endfor %}</td></tr>
{% else %}
<tr><td colspan="2">none</td></tr>
{% endfor %}
</tbody>
</table>
</main>
</body>
</html>
"""
SHOWN = 500


def page(ping: PingOne) -> Blueprint:
    """The page at `/`."""
    routes = Blueprint("page", __name__)

    @routes.get("/")
    def index() -> str:
        held: dict[str, list[str]] = {}
        for device in ping.of(ENVIRONMENT, "device"):
            if device["type"] == "FIDO2":
                name = f"{device.get('nickname') or 'unnamed'} ({device['status']})"
                held.setdefault(device["user"]["id"], []).append(name)
        rows = [
            {"id": user["id"], "username": user["username"], "passkeys": held[user["id"]]}
            for user in ping.of(ENVIRONMENT, "user")
            if user["id"] in held
        ]
        return render_template_string(
            TEMPLATE,
            environment=ENVIRONMENT,
            policies=ping.of(ENVIRONMENT, fido_policies.KIND),
            rows=rows[:SHOWN],
        )

    return routes
