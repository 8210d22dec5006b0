"""Which Ory is emulated: flavour, version, and what that version can do (ory.md 2.3, 3.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Flavour(StrEnum):
    """Ory Network has one host and keys; a self-hosted Kratos has two ports and none (ory.md 1)."""

    NETWORK = "network"
    SELF_HOSTED = "self-hosted"


HEAD_DENIED = (
    "/id",
    "/statechangedat",
    "/credentials",
    "/credentials/oidc",
    "/credentials/oidc/**",
    "/credentials/saml",
    "/credentials/saml/**",
)
V25_DENIED = ("/id", "/statechangedat", "/credentials", "/credentials/oidc/**")
V1_DENIED = ("/id", "/statechangedat", "/credentials")


@dataclass(frozen=True)
class Edition:
    """A flavour at a version.

    Args:
        flavour: how it is reached and guarded.
        version: "HEAD" (Ory Network always is), or a tag as "v26.2.0".

    Raises:
        ValueError: for a version that is neither, or a tag for Ory Network.
    """

    flavour: Flavour = Flavour.NETWORK
    version: str = "HEAD"

    def __post_init__(self) -> None:
        if self.version != "HEAD" and not re.fullmatch(r"v\d+\.\d+\.\d+", self.version):
            raise ValueError(f"a version is HEAD or a tag as v26.2.0, not {self.version!r}")
        if self.network and self.version != "HEAD":
            raise ValueError("Ory Network has no version of its own: leave it at HEAD")

    @property
    def network(self) -> bool:
        """Whether this is Ory Network."""
        return self.flavour is Flavour.NETWORK

    @property
    def _head(self) -> bool:
        return self.version == "HEAD"

    def _since(self, *number: int) -> bool:
        if self.version == "HEAD":
            return True
        return tuple(int(part) for part in self.version[1:].split(".")) >= number

    @property
    def imports_passkeys(self) -> bool:
        """ory.md 3.1: Network, OEL from v26.2.4, OSS master; no OSS tag up to v26.2.0 [K][D]."""
        return self._since(26, 2, 4)

    @property
    def demands_handle(self) -> bool:
        """ory.md 3.1: the user_handle check came with OEL v26.2.10 [D]."""
        return self._since(26, 2, 10)

    @property
    def has_external_id(self) -> bool:
        """ory.md 2.1, 7: external_id from v25.4.0."""
        return self._since(25, 4, 0)

    @property
    def has_region(self) -> bool:
        """ory.md 2.1: region is HEAD only, in no tag."""
        return self._head

    @property
    def api_passkey_nodes(self) -> bool:
        """ory.md 8b: API flows have passkey nodes in v26.2.0 and HEAD [K26], not in v25.4.0."""
        return self._since(26, 2, 0)

    @property
    def stores_counter(self) -> bool:
        """ory.md 3.2 rule 9: only HEAD stores the counter after a sign-in [K]."""
        return self._head

    @property
    def type_mismatch_status(self) -> int:
        """ory.md 3.4: a patched credential of the wrong type is 400 at HEAD, 500 before [K]."""
        return 400 if self._head else 500

    @property
    def patch_merges_credentials(self) -> bool:
        """ory.md 3.5: up to v1.3.1 a patch unmarshals over the old map, so nothing goes away."""
        return not self._since(25, 4, 0)

    @property
    def denied_paths(self) -> tuple[str, ...]:
        """ory.md 2.3: the deny list of JSON Patch."""
        if self._head:
            return HEAD_DENIED
        return V25_DENIED if self._since(25, 4, 0) else V1_DENIED
