"""The emulator in threads of this process, on ports of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulators.kit.serving import serving
from emulators.ory.app import create_admin_app, create_app, create_public_app
from emulators.ory.control import Control
from emulators.ory.editions import Edition, Flavour
from emulators.ory.emulator import Ory
from emulators.ory.login import RelyingParty


@dataclass(frozen=True)
class Running:
    """A running emulator."""

    ory: Ory
    url: str
    """The endpoint, or the public one of a self-hosted Kratos."""
    admin_url: str
    """The admin endpoint; on Ory Network the same."""
    control: Control

    @property
    def api_key(self) -> str:
        """The project key; empty where there is none (self-hosted)."""
        return self.ory.api_key if self.ory.edition.network else ""

    @property
    def token_url(self) -> str:
        """Where the project's OAuth2 client gets its tokens."""
        return f"{self.url}/oauth2/token"


@contextmanager
def running(
    *,
    flavour: str = Flavour.NETWORK,
    version: str = "HEAD",
    rp_id: str = "localhost",
    origins: tuple[str, ...] = ("http://localhost:5000",),
    data_dir: Path | None = None,
    port: int = 0,
    admin_port: int = 0,
    proxy_header: tuple[str, str] = ("", ""),
    gateway: bool = False,
) -> Iterator[Running]:
    """Run the emulator until the block ends.

    Args:
        flavour: "network" or "self-hosted".
        version: "HEAD", or a tag as "v26.2.0" for a self-hosted one.
        rp_id: the RP ID of its passkey method.
        origins: the origins of its passkey method.
        data_dir: where its data stays; None keeps it in memory.
        port: of the endpoint; 0 takes a free one.
        admin_port: of a self-hosted admin endpoint; 0 takes a free one.
        proxy_header: name and value that the self-hosted admin port demands.
        gateway: put an OAuth2 gateway before the self-hosted admin port.
    """
    edition = Edition(Flavour(flavour), version)
    ory = Ory(
        data_dir,
        edition=edition,
        party=RelyingParty(rp_id, origins),
        proxy_header=proxy_header,
        gateway=gateway,
    )
    with ExitStack() as stack:
        stack.callback(ory.close)
        if edition.network:
            url = admin_url = stack.enter_context(serving(create_app(ory), port))
        else:
            url = stack.enter_context(serving(create_public_app(ory), port))
            admin_url = stack.enter_context(serving(create_admin_app(ory), admin_port))
        ory.serve_at(public_url=url, admin_url=admin_url)
        stack.callback(ory.faults.clear)  # before the servers stop: they wait for held requests
        yield Running(ory, url, admin_url, Control(ory))
