"""A page for people: what this is, its policy, and who holds which keys. No secrets."""

from __future__ import annotations

from flask import Blueprint, render_template_string

from emulators.entra.emulator import Entra

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Emulated Entra ID</title>
</head>
<body>
<main>
<h1>Emulated Entra ID</h1>
<p>A local stand-in for Entra ID and Microsoft Graph. Nothing here leaves this computer. The
connection's secret is in <code>connection.json</code> in its data folder.</p>
<dl>
<dt>Directory (tenant) ID</dt><dd><code>{{ tenant_id }}</code></dd>
<dt>Application (client) ID</dt><dd><code>{{ application.client_id }}</code></dd>
<dt>Granted permissions</dt>
<dd>{% for role in application.roles %}<code>{{ role }}</code> {% else %}none{% endfor %}</dd>
<dt>FIDO2 policy</dt><dd>{{ policy.state }}; self-service
{{ "allowed" if policy.isSelfServiceRegistrationAllowed else "not allowed" }}</dd>
</dl>
<h2>People with passkeys</h2>
<p>{{ count }} people in all.</p>
<table>
<thead><tr><th scope="col">Person</th><th scope="col">Passkeys</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><td>{{ row.name }}<br><small>{{ row.id }}</small></td>
<td>{% for passkey in row.passkeys %}{{ passkey.displayName }} ({{ passkey.model }})<br>
{% endfor %}</td></tr>
{% endfor %}
</tbody>
</table>
</main>
</body>
</html>
"""


def page(entra: Entra) -> Blueprint:
    """The page at `/`."""
    routes = Blueprint("page", __name__)

    @routes.get("/")
    def index() -> str:
        users = entra.directory.users()
        rows = [
            {"id": user["id"], "name": user["displayName"], "passkeys": passkeys}
            for user in users
            if (passkeys := entra.passkeys.of(user["id"]))
        ]
        return render_template_string(
            TEMPLATE,
            tenant_id=entra.tenant_id,
            application=entra.application,
            policy=entra.policy.all(),
            rows=rows,
            count=len(users),
        )

    return routes
