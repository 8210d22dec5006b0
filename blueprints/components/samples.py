"""Made-up people, models and reports for the components page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from directories.base import Check, CheckState, ConnectionReport


@dataclass(frozen=True)
class SampleModel:
    """What the model macros read of an authenticator model."""

    name: str
    aaguid: str
    version: int
    level: str
    certified: bool = True
    icon: bytes | None = None
    from_file: bool = False


@dataclass(frozen=True)
class SamplePlacement:
    """What the `placements` macro reads of a placement."""

    directory_name: str
    state: str
    sentence: str
    since: datetime
    reason: str = ""
    said: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class SampleEvent:
    """What the `story` macro reads of an event."""

    title: str
    meaning: str
    moment: datetime
    text: str = ""


@dataclass(frozen=True)
class SamplePerson:
    """What the `name_preview` macro reads of a person."""

    display_name: str = "Ada King"
    given_name: str = "Ada"
    middle_name: str = "Augusta"
    family_name: str = "King"


MODELS = (
    SampleModel(
        "HID Crescendo Key V3", "7991798a-a7f3-487f-98c0-3faf7a458a04", 262144, "L1", icon=b"-"
    ),
    SampleModel(
        "HID Crescendo Key V3 FIPS", "19bca99b-7c09-44fe-a969-8cba45764542", 262144, "L2", icon=b"-"
    ),
    SampleModel("HID Crescendo 4000", "2a55aee6-27cb-42c0-bc6e-04efe999e88a", 262144, "L1"),
    SampleModel(
        "A key from a file",
        "00000000-0000-4000-8000-000000000001",
        1,
        "",
        certified=False,
        from_file=True,
    ),
)

PATCH = """[
  {
    "op": "replace",
    "path": "/services/identity/config/selfservice/methods/passkey/config/rp/id",
    "value": "keys.example.com"
  }
]"""

REPORT = ConnectionReport(
    checks=(
        Check(
            "ory.identities",
            "Identities can be read",
            CheckState.PASSED,
            evidence="One page of identities, 12 of them.",
        ),
        Check(
            "ory.rp_id",
            "The relying party is ours",
            CheckState.FAILED,
            evidence="There it is login.example.org, here it is keys.example.com.",
            remedy="Apply the JSON Patch above, then test again.",
        ),
        Check(
            "ory.login_flow",
            "A sign-in with a passkey can begin",
            CheckState.UNKNOWN,
            evidence="The sign-in flow answered, but without options.",
            said='{"error":{"code":500,"status":"Internal Server Error"}}',
            request_id="f7c1a8f2-2e0b-4c0e-9d8e-5a4d0a2f6c11",
            remedy="Ask Ory's support about this request id.",
        ),
    ),
    verified=True,
    signs_in=False,
    sentence="Passkeys made here will sign in there: no, because the relying party ID differs.",
    patch=PATCH,
)


def placements(now: datetime) -> tuple[SamplePlacement, ...]:
    """A placement in every state."""
    return (
        SamplePlacement("Ory", "ready", "Your key opens Ory.", now - timedelta(minutes=2)),
        SamplePlacement(
            "Ory (staging)", "on its way", "Your key is on its way to Ory (staging).", now
        ),
        SamplePlacement(
            "Entra ID",
            "needs a new touch",
            "Touch your key once more to finish Entra ID.",
            now - timedelta(hours=3),
        ),
        SamplePlacement(
            "PingOne",
            "held",
            "PingOne did not accept this. Your administrator can see why.",
            now - timedelta(days=3),
            reason="The identity schema does not allow the trait name.middle.",
            said="jsonschema: additional property middle is not allowed",
            request_id="3f2c9a70-11d4-4f3e-8f0e-6b4a9c1d2e33",
        ),
        SamplePlacement("Old Ory", "removed", "Your key does not open Old Ory.", now),
    )


def story(now: datetime) -> tuple[SampleEvent, ...]:
    """A passkey's life, with an event of every meaning."""
    made = now - timedelta(days=40)
    return (
        SampleEvent("Made on a HID Crescendo Key V3", "good", made, "By Ada King, by a link."),
        SampleEvent("Judged: accepted", "good", made, "The certificate leads to FIDO metadata."),
        SampleEvent("Delivered to Ory", "good", made + timedelta(minutes=1)),
        SampleEvent("Waits for Ory (staging)", "waiting", now - timedelta(minutes=4)),
        SampleEvent("Counter did not grow", "attention", now - timedelta(days=2)),
        SampleEvent("Refused by PingOne", "failed", now - timedelta(days=1)),
        SampleEvent("Ended", "neutral", now),
    )


ROWS: tuple[dict[str, Any], ...] = (
    {"name": "Ada King", "state": "ready", "passkeys": 2, "ago": timedelta(minutes=5)},
    {
        "name": "Grace Brewster Hopper",
        "state": "on its way",
        "passkeys": 1,
        "ago": timedelta(hours=7),
    },
    {"name": "Radia Perlman", "state": "held", "passkeys": 1204, "ago": timedelta(days=12)},
)
