"""Run the emulated PingOne: ``python -m emulators.pingone --data-dir FOLDER``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from emulators.kit.program import say, stop_signal
from emulators.pingone.running import running


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.pingone",
        description="A local stand-in for PingOne, on loopback only.",
    )
    parser.add_argument("--port", type=int, default=5003)
    parser.add_argument("--data-dir", type=Path, required=True, help="where its data stays")
    parser.add_argument(
        "--rp-id", default="", help="of a fresh policy for the portal (default: the origin's host)"
    )
    parser.add_argument(
        "--origin",
        default="http://localhost:5000",
        help="the portal's; PingOne itself has no setting for it (pingone.md 6.9)",
    )
    parser.add_argument("--people", type=int, default=240, help="how many a fresh one holds")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    given = _arguments()
    stop = stop_signal()
    rp_id = given.rp_id or urlsplit(given.origin).hostname or "localhost"
    with running(
        data_dir=given.data_dir, port=given.port, rp_id=rp_id, people=given.people
    ) as started:
        say(
            f"Emulated PingOne at {started.url}. "
            f"Its connection is in {given.data_dir / 'connection.json'}."
        )
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
