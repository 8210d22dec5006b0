"""An identity schema to copy: e-mail, names, and everything that passkeys need.

From Kratos' own passkey quickstart (contrib/quickstart/kratos/passkey/identity.schema.json), with
code, verification, recovery and the names added, which the schema extension allows.
"""

from __future__ import annotations

from pathlib import Path

READY_SCHEMA = Path(__file__).with_name("ready_schema.json").read_text(encoding="utf-8").strip()
"""The schema as text, to be shown and copied."""
