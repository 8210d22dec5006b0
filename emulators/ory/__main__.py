"""Run the emulated Ory: ``python -m emulators.ory --data-dir instance/emulators/ory``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emulators.kit.program import say, stop_signal
from emulators.ory.editions import Flavour
from emulators.ory.running import running


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.ory", description="A local stand-in for Ory, on loopback only."
    )
    parser.add_argument("--port", type=int, default=5001)
    parser.add_argument(
        "--admin-port", type=int, default=0, help="of a self-hosted one (default: --port + 1)"
    )
    parser.add_argument("--data-dir", type=Path, required=True, help="where its data stays")
    parser.add_argument("--rp-id", default="localhost")
    parser.add_argument(
        "--origin", action="append", help="an origin that may sign in (may be given again)"
    )
    parser.add_argument("--flavour", choices=[str(f) for f in Flavour], default=Flavour.NETWORK)
    parser.add_argument(
        "--gateway",
        action="store_true",
        help="put an OAuth2 gateway before the admin port of a self-hosted one",
    )
    parser.add_argument("--version", default="HEAD", help="HEAD, or a tag as v26.2.0")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    given = _arguments()
    stop = stop_signal()
    with running(
        flavour=given.flavour,
        version=given.version,
        rp_id=given.rp_id,
        origins=tuple(given.origin or ["http://localhost:5000"]),
        data_dir=given.data_dir,
        port=given.port,
        admin_port=given.admin_port or (given.port + 1 if given.port else 0),
        gateway=given.gateway,
    ) as ory:
        where = ory.url if ory.url == ory.admin_url else f"{ory.url} (admin: {ory.admin_url})"
        say(
            f"Emulated Ory ({given.flavour}) at {where}. "
            f"Its connection is in {given.data_dir / 'connection.json'}."
        )
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
