"""A real sign-in at Ory with a passkey, signed by our page and relayed by us.

Ory contract section 8b: a native ("API") flow, which refuses requests with an Origin or a cookie,
so the page cannot post it. The session that it opens is looked at once and ended; its token is
never kept, logged or returned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from directories import strict_json
from directories.answers import Answer, scrub
from directories.base import (
    DirectoryError,
    Misconfigured,
    Proof,
    ProofOptions,
    Refused,
    Transient,
)
from directories.ory.api import OryApi
from directories.ory.documents import IdentityDocument
from directories.ory.settings import TraitMapping

_OPTIONS = ("challenge", "timeout", "rpId", "userVerification", "allowCredentials")
_ASSERTION = ("authenticatorData", "clientDataJSON", "signature", "userHandle")


def begin(api: OryApi) -> ProofOptions:
    """Begin a sign-in flow and take the passkey options out of it.

    Raises:
        Misconfigured: when Ory offers no passkey sign-in to native flows.
    """
    answer = api.login_flow()
    data = answer.data if isinstance(answer.data, Mapping) else {}
    flow, options = data.get("id"), passkey_options(answer)
    if not isinstance(flow, str) or not flow:
        raise Misconfigured(
            "What came back is not a sign-in flow, so this is not Ory's public API.",
            code="ory.not_ory",
            request_id=answer.request_id,
        )
    if options is None:
        raise Misconfigured(
            "Ory offers no passkey in its sign-in: the passkey method is off, or this Kratos is "
            "older than v26.2.0, which brought it to native flows.",
            code="ory.no_passkey_method",
            request_id=answer.request_id,
        )
    return ProofOptions(flow, {name: options[name] for name in _OPTIONS if name in options})


def passkey_options(answer: Answer) -> Mapping[str, Any] | None:
    """The WebAuthn request options in a sign-in flow; None where there are none."""
    data = answer.data if isinstance(answer.data, Mapping) else {}
    screen = data.get("ui")
    nodes = screen.get("nodes") if isinstance(screen, Mapping) else None
    for node in nodes if isinstance(nodes, list) else ():
        attributes = node.get("attributes") if isinstance(node, Mapping) else None
        if not isinstance(attributes, Mapping) or attributes.get("name") != "passkey_challenge":
            continue
        try:
            options = strict_json.loads(attributes.get("value") or "")["publicKey"]
        except (ValueError, TypeError, KeyError):
            return None
        if isinstance(options, Mapping) and isinstance(options.get("challenge"), str):
            return options
    return None


def finish(api: OryApi, flow: str, assertion: Mapping[str, Any], mapping: TraitMapping) -> Proof:
    """Sign in, ask who that is, and sign out again.

    Args:
        api: the project.
        flow: from `begin`.
        assertion: the browser's AuthenticationResponseJSON.
        mapping: which traits hold what an identity is known by.

    Raises:
        Refused: when Ory does not let the passkey in, with Ory's words.
    """
    response = assertion.get("response")
    response = response if isinstance(response, Mapping) else {}
    passed_on = {
        "id": assertion.get("id"),
        "rawId": assertion.get("rawId", assertion.get("id")),
        "type": "public-key",
        "response": {name: response[name] for name in _ASSERTION if response.get(name)},
    }
    hide = tuple(text for text in passed_on["response"].values() if isinstance(text, str))
    answer = api.submit_login(
        flow, {"method": "passkey", "passkey_login": json.dumps(passed_on)}, hide
    )
    token = _token(answer)
    try:
        session = api.whoami(token)
    except DirectoryError:
        _signed_out(api, token)
        raise
    signed_out = _signed_out(api, token)
    if session.status != 200:
        raise Refused(
            "Ory signed the passkey in, and then asked for a second factor to say who that is."
            if session.status == 403
            else "Ory signed the passkey in, and then did not know its own session.",
            code="ory.proof_session",
            said=session.said,
            request_id=session.request_id,
            status=session.status,
        )
    return _proof(session, mapping, signed_out=signed_out)


def _token(answer: Answer) -> str:
    """The session token, or why there is none."""
    data = answer.data if isinstance(answer.data, Mapping) else {}
    token = data.get("session_token")
    if answer.status == 200 and isinstance(token, str) and token:
        return token
    facts: dict[str, Any] = {"request_id": answer.request_id, "status": answer.status}
    if answer.status == 410:
        raise Refused(
            "The sign-in at Ory took too long. Begin again.",
            code="ory.proof_expired",
            said=answer.said,
            **facts,
        )
    raise Refused(
        "Ory did not let this passkey sign in.",
        code="ory.proof_refused",
        said=_messages(data) or answer.said,
        **facts,
    )


def _messages(flow: Mapping[str, Any]) -> str:
    """What a refused flow tells the person."""
    screen = flow.get("ui")
    messages = screen.get("messages") if isinstance(screen, Mapping) else None
    texts = [
        message["text"]
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, Mapping) and isinstance(message.get("text"), str)
    ]
    return scrub(" ".join(texts), ())


def _signed_out(api: OryApi, token: str) -> bool:
    """End the session. One that Ory no longer knows is as good as ended (section 8b step 4)."""
    try:
        api.log_out(token)
    except Transient:
        return False
    except DirectoryError as error:
        return error.status == 403
    return True


def _proof(session: Answer, mapping: TraitMapping, *, signed_out: bool) -> Proof:
    data = session.data if isinstance(session.data, Mapping) else {}
    identity = IdentityDocument.read(data.get("identity")).as_remote(mapping)
    assurance = data.get("authenticator_assurance_level")
    methods = data.get("authentication_methods")
    return Proof(
        remote_id=identity.remote_id,
        label=identity.label,
        assurance=scrub(assurance, ()) if isinstance(assurance, str) else "",
        methods=tuple(
            scrub(entry["method"], ())
            for entry in (methods if isinstance(methods, list) else ())
            if isinstance(entry, Mapping) and isinstance(entry.get("method"), str)
        ),
        signed_out=signed_out,
    )
