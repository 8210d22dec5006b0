"""Which origins may use a relying party ID (pingone.md 4.2)."""

from __future__ import annotations

from urllib.parse import urlsplit


def below(origin: str, rp_id: str) -> bool:
    """Whether it is the relying party ID itself or a sub-domain, in https or on localhost."""
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if origin != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        return False
    if parts.scheme != "https" and host != "localhost":
        return False
    return host == rp_id or host.endswith(f".{rp_id}")
