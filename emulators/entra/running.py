"""The emulator in threads of this process, on a port of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulators.entra.app import create_app
from emulators.entra.control import Control
from emulators.entra.emulator import PEOPLE, Entra
from emulators.kit.serving import serving


@dataclass(frozen=True)
class Running:
    """A running emulator."""

    entra: Entra
    url: str
    """Of the token endpoint and of Graph."""
    control: Control

    @property
    def tenant_id(self) -> str:
        """Directory (tenant) ID."""
        return self.entra.tenant_id

    @property
    def domain(self) -> str:
        """A verified domain of the tenant."""
        return self.entra.tenant_names[1]

    @property
    def client_id(self) -> str:
        """Application (client) ID."""
        return self.entra.application.client_id

    @property
    def client_secret(self) -> str:
        """The Value of its newest secret."""
        return self.entra.application.secret

    @property
    def client_secret_id(self) -> str:
        """The Secret ID, which people take for the Value."""
        return self.entra.application.secret_id

    @property
    def certificate(self) -> str:
        """A registered certificate (PEM)."""
        return self.entra.application.certificate_client(now=self.entra.now())[0]

    @property
    def private_key(self) -> str:
        """The private key of that certificate (PEM)."""
        return self.entra.application.certificate_client(now=self.entra.now())[1]


@contextmanager
def running(
    *, data_dir: Path | None = None, port: int = 0, people: int = PEOPLE
) -> Iterator[Running]:
    """Run the emulator until the block ends.

    Args:
        data_dir: where its data stays; None keeps it in memory.
        port: 0 takes a free one.
        people: how many users a fresh tenant has.
    """
    entra = Entra(data_dir, people=people)
    with ExitStack() as stack:
        stack.callback(entra.close)
        url = stack.enter_context(serving(create_app(entra), port))
        entra.serve_at(url)
        stack.callback(entra.faults.clear)  # before the server stops: it waits for held requests
        yield Running(entra, url, Control(entra))
