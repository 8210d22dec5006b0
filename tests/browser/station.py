"""Chromium as an enrolment station: a policy and a switch let one origin claim others.

The policy lies in a mount namespace of the browser's own, so that nothing is written to this
machine's `/etc` (docs/managed-browser.md).
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

POLICIES = Path("/etc/chromium")
POLICY = {"WebAuthenticationRemoteProxiedRequestsAllowed": True}
SWITCH = "--webauthn-remote-proxied-requests-allowed-additional-origin"


@cache
def why_not() -> str:
    """Why no station can be set up here; empty where one can."""
    if shutil.which("chromium") is None:
        return "no Chromium whose policies are in /etc/chromium"
    if shutil.which("unshare") is None:
        return "no unshare"
    if not POLICIES.is_dir():
        return f"no {POLICIES} to lay a policy over"
    tried = subprocess.run(
        ["unshare", "-m", "mount", "--bind", str(POLICIES), str(POLICIES)],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if tried.returncode == 0 else f"no mount namespace: {tried.stderr.strip()}"


def program(folder: Path) -> Path:
    """A program that runs Chromium with the station's policy.

    Args:
        folder: an empty one for it.
    """
    managed = folder / "etc" / "policies" / "managed"
    managed.mkdir(parents=True)
    (managed / "station.json").write_text(json.dumps(POLICY))
    inside = f'mount --bind {shlex.quote(str(folder / "etc"))} {POLICIES} && exec chromium "$@"'
    script = folder / "station"
    script.write_text(f'#!/bin/sh\nexec unshare -m sh -c {shlex.quote(inside)} station "$@"\n')
    script.chmod(0o755)
    return script
