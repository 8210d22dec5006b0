"""Run the emulated Entra ID: ``python -m emulators.entra --data-dir instance/emulators/entra``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from emulators.entra.running import running
from emulators.kit.program import say, stop_signal


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.entra",
        description="A local stand-in for Entra ID, on loopback only.",
    )
    parser.add_argument("--port", type=int, default=5002)
    parser.add_argument("--data-dir", type=Path, required=True, help="where its data stays")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    given = _arguments()
    stop = stop_signal()
    with running(data_dir=given.data_dir, port=given.port) as entra:
        say(
            f"Emulated Entra ID at {entra.url}. "
            f"Its connection is in {given.data_dir / 'connection.json'}."
        )
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
