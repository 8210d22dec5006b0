"""The emulator in threads of this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators.kit.serving import serving
from emulators.pingone.app import create_app
from emulators.pingone.control import PingControl
from emulators.pingone.emulator import PingOne
from emulators.pingone.known import (
    ADMINISTRATORS,
    ENVIRONMENT,
    INTRANET_ID,
    PORTAL_MFA,
    PORTAL_MFA_ID,
    WORKER_ID,
)
from emulators.pingone.seed import seed
from emulators.pingone.tokens import secret_of


@dataclass(frozen=True)
class Running:
    """A running emulator."""

    ping: PingOne
    url: str
    """Both faces: the token endpoint and the API, each without its own path ("/v1")."""
    control: PingControl
    environment_id: str = ENVIRONMENT
    client_id: str = WORKER_ID
    administrators_id: str = ADMINISTRATORS
    """An environment without people, for workers that live elsewhere."""
    mfa_policy_id: str = PORTAL_MFA_ID
    mfa_policy_name: str = PORTAL_MFA
    sign_on_application: str = INTRANET_ID

    @property
    def client_secret(self) -> str:
        """The worker's secret, as it is now."""
        return secret_of(self.ping, self.client_id)

    def connection(self) -> dict[str, Any]:
        """What the portal needs to connect, the secret included."""
        return {
            "environment_id": self.environment_id,
            "region": "NA",
            "client_id": self.client_id,
            "auth_method": "post",
            "token_environment_id": "",
            "custom_domain": "",
            "mfa_policy_id": self.mfa_policy_id,
            "mfa_policy_name": self.mfa_policy_name,
            "sign_on_application": self.sign_on_application,
            "auth_url": self.url,
            "api_url": self.url,
            "secret": self.client_secret,
        }


@contextmanager
def running(
    *, data_dir: Path | None = None, port: int = 0, rp_id: str = "localhost", people: int = 240
) -> Iterator[Running]:
    """Run the emulator until the block ends.

    Args:
        data_dir: where its data stays; None keeps it in memory.
        port: 0 takes a free one.
        rp_id: the relying party ID of the FIDO policy for the portal.
        people: how many people a fresh one holds, beside those with unusual names.
    """
    ping = PingOne(data_dir, fill=seed, rp_id=rp_id, people=people)
    with ExitStack() as stack:
        stack.callback(ping.close)
        ping.url = stack.enter_context(serving(create_app(ping), port))
        started = Running(ping, ping.url, PingControl(ping))
        ping.write_connection(started.connection())
        stack.callback(ping.faults.clear)  # before the server stops: it waits for held requests
        yield started
