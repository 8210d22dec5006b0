"""What reading the authenticator metadata costs, against parsing its JSON alone.

Run `python -m bench.metadata`. The floor is `json.loads` of the same file, the least that any
reader of it does; fido2's own classes, entry by entry, stand beside ours.
"""

from __future__ import annotations

import json
import timeit
from collections.abc import Callable
from pathlib import Path

from fido2.mds3 import MetadataBlobPayloadEntry

from services.attestation.metadata import payload_path, read_official

RUNS = 5


def seconds(work: Callable[[], object]) -> float:
    """The best of a few runs: the one that was disturbed least."""
    return min(timeit.repeat(work, number=1, repeat=RUNS))


def with_fido2(path: Path) -> int:
    """How many entries fido2 can build."""
    built = 0
    for entry in json.loads(path.read_bytes())["entries"]:
        try:
            MetadataBlobPayloadEntry.from_dict(entry)
        except (KeyError, TypeError, ValueError):
            continue
        built += 1
    return built


def main() -> None:
    """Print each reader's time as a ratio to the floor."""
    path = payload_path()
    floor = seconds(lambda: json.loads(path.read_bytes()))
    print(f"floor, json.loads: {floor * 1000:.0f} ms")
    for name, work in (
        ("services.attestation.metadata", read_official.__wrapped__),
        ("fido2.mds3, entry by entry", lambda: with_fido2(path)),
    ):
        print(f"{name}: {seconds(work) / floor:.1f} times the floor")


if __name__ == "__main__":
    main()
