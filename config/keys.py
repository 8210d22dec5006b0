"""The keys a trial makes for itself, kept in its data folder and readable by its owner only."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet


@dataclass(frozen=True)
class GeneratedKeys:
    """A signing key for cookies and a sealing key for stored secrets."""

    signing: str
    sealing: str


def generated_keys(data_dir: Path) -> GeneratedKeys:
    """The trial's keys from `data_dir/keys`, made on first use with mode 0600.

    Production never calls this: it refuses to start without keys of its own.
    """
    folder = data_dir / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return GeneratedKeys(
        signing=_kept(folder / "signing", secrets.token_urlsafe(48)),
        sealing=_kept(folder / "sealing", Fernet.generate_key().decode()),
    )


def _kept(path: Path, fresh: str) -> str:
    """The content of `path`; `fresh` where the file is new.

    The link makes creation atomic: of two processes that start together, one wins and both read
    the same, whole key.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(fresh)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
