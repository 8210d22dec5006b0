"""Domain names, in the one form in which they can be compared."""

from __future__ import annotations

import idna


def plain_domain(text: str) -> str:
    """A domain as it stands in the DNS: lower case, and in ASCII (IDNA 2008, UTS 46).

    Raises:
        ValueError: when the text is not a domain such as `example.com`.
    """
    domain = idna.encode(text.strip(), uts46=True).decode().lower()
    if "." not in domain.strip("."):
        raise ValueError("a domain has two parts at least")
    return domain.rstrip(".")


def shown_domain(domain: str) -> str:
    """A domain of `plain_domain` as people write it, in their own letters."""
    return idna.decode(domain)
