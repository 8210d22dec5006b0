"""The OAuth2 client of an Ory project: its grant, and what its token endpoint's refusals mean.

On Ory Network a token opens nothing of the admin API, so the client is only tried by the connection
test. Before a self-hosted Kratos a gateway may ask for its tokens (Ory contract section 5).
"""

from __future__ import annotations

from collections.abc import Mapping

from directories.answers import Answer
from directories.base import DirectoryError, Misconfigured, Transient
from directories.http import DirectorySession
from directories.oauth import Tokens
from directories.oauth_client import Grant, SecretPost
from directories.ory.settings import OrySettings

SCOPES = "offline_access offline openid"

_CHECK_ADDRESS = "Check the token address, and what stands in front of it."
_REMEDIES: Mapping[str, str] = {
    "ory.invalid_client": "Copy the client's ID and secret again. Its authentication method must "
    "be “HTTP body” (client_secret_post): Ory refuses another one in the same words.",
    "ory.unauthorized_client": "Allow the client the grant type “client credentials”.",
    "ory.invalid_scope": f"Allow the client the scopes {SCOPES}.",
    "http.destination": "Name this host or network in LATCHKEY_PRIVATE_DESTINATIONS, or use https.",
}
"""What to do about a client that gets no token, by error code."""

REMEDY_FOR_GATEWAY = (
    "The gateway in front of Kratos does not take this client's tokens: see which issuer, scopes "
    "and audience it asks for."
)


def tokens(settings: OrySettings, client_secret: str, session: DirectorySession) -> Tokens:
    """The tokens of the connection's client."""
    proof = SecretPost(client_secret)
    grant = Grant(settings.token_address, settings.client_id, proof, SCOPES)
    return Tokens(session, grant, explain=explain)


def explain(answer: Answer) -> DirectoryError:
    """What a token endpoint's refusal means (RFC 6749 section 5.2; Ory contract section 5)."""
    error = answer.data.get("error") if isinstance(answer.data, Mapping) else None
    code = f"ory.{error}" if isinstance(error, str) else ""
    known = code in _REMEDIES
    reason = "The OAuth2 client gets no token."
    if not known and answer.status == 404:
        reason = "There is no token endpoint at this address."
    return Misconfigured(
        reason,
        code=code if known else "ory.no_token",
        said=answer.said,
        request_id=answer.request_id,
        status=answer.status,
    )


def remedy(error: DirectoryError) -> str:
    """What to do about a client that gets no token."""
    if isinstance(error, Transient):
        return "Try again; if it stays so, see whether the token endpoint can be reached."
    return _REMEDIES.get(error.code, _CHECK_ADDRESS)


def problems(settings: OrySettings, client_secret: str | None) -> dict[str, str]:
    """What is wrong with the client and its secret, by field. Never shows the secret."""
    if not settings.client_id:
        if client_secret:
            return {"client_id": "Give the ID of the OAuth2 client as well."}
        return {}
    if not client_secret:
        return {"client_secret": "Give the client's secret."}
    if not all(0x21 <= ord(character) <= 0x7E for character in client_secret):
        return {
            "client_secret": "A client secret has no spaces or special characters: copy it again."
        }
    return {}
