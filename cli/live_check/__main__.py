"""`python -m cli.live_check DIRECTORY`; see `script/live-check`."""

from __future__ import annotations

import argparse
import os
import sys

from cli import live_check
from cli.live_check.given import ASKED, Given
from cli.live_check.run import LiveCheck
from directories import registry
from directories.base import DirectoryError

ORIGIN = "http://localhost:5000"


def main(arguments: list[str], given: Given) -> int:
    """Check one directory; 0 when nothing failed, 1 when something did, 2 when nothing could be."""
    parser = argparse.ArgumentParser(prog="script/live-check", description=live_check.__doc__)
    parser.add_argument("directory", choices=sorted(ASKED))
    kind = parser.parse_args(arguments).directory

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    try:
        settings, secret, client_secret = given.connection(kind)
        connection = registry.build(
            kind,
            settings,
            secret,
            client_secret=client_secret,
            private_destinations=[
                one for one in given.told("private_destinations").split(",") if one.strip()
            ],
        )
    except (DirectoryError, OSError, KeyError, EOFError) as error:
        say(f"Nothing was tried: {error}")
        return 2
    failed = LiveCheck(connection, origin=given.told("origin") or ORIGIN, say=say).run()
    say(f"{failed} failed." if failed else "Nothing failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Given(os.environ)))
