"""A page for people: what this is, and which passkeys its identities hold. No secrets."""

from __future__ import annotations

from flask import Blueprint, render_template_string

from emulators.ory.emulator import Ory

TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Emulated Ory</title>
</head>
<body>
<main>
<h1>Emulated Ory</h1>
<p>A local stand-in for Ory ({{ edition.flavour }}, {{ edition.version }}). Nothing here leaves this
computer. The connection's key is in <code>connection.json</code> in its data folder.</p>
<p>Passkeys: RP ID <code>{{ party.id }}</code>, origins
{% for origin in party.origins %}<code>{{ origin }}</code> {% endfor %}</p>
<h2>Identities</h2>
<table>
<thead><tr><th scope="col">Identity</th><th scope="col">Schema</th>
<th scope="col">Passkeys</th></tr></thead>
<tbody>
{% for row in rows %}
<tr><td>{{ row.label }}<br><small>{{ row.id }}</small></td><td>{{ row.schema }}</td>
<td>{% for passkey in row.passkeys %}{{ passkey }}<br>{% else %}none{% endfor %}</td></tr>
{% endfor %}
</tbody>
</table>
</main>
</body>
</html>
"""
SHOWN = 500


def page(ory: Ory) -> Blueprint:
    """The page at `/`."""
    routes = Blueprint("page", __name__)

    @routes.get("/")
    def index() -> str:
        rows = []
        for identity in list(ory.identities.all())[:SHOWN]:
            traits = identity["traits"] if isinstance(identity["traits"], dict) else {}
            config = identity["credentials"].get("passkey", {}).get("config", {})
            rows.append(
                {
                    "id": identity["id"],
                    "label": traits.get("email") or traits.get("username") or "",
                    "schema": identity["schema_id"],
                    "passkeys": [
                        entry.get("display_name") or "unnamed"
                        for entry in config.get("credentials", [])
                    ],
                }
            )
        return render_template_string(
            TEMPLATE, edition=ory.edition, party=ory.logins.party, rows=rows
        )

    return routes
