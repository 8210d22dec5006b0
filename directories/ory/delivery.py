"""Putting identities and passkeys into Ory, and taking passkeys out, each read back.

Ory contract sections 2 and 3. There is no ETag: callers work on one identity at a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from directories.base import (
    AlreadyThere,
    Misconfigured,
    NotFound,
    PasskeyRecord,
    PersonRecord,
    Refused,
    RemotePasskey,
    Transient,
    Written,
)
from directories.ory import lookup
from directories.ory.api import OryApi
from directories.ory.documents import Form, IdentityDocument
from directories.ory.mapping import build_traits
from directories.ory.passkeys import (
    differences,
    display_name,
    form_of,
    import_config,
    in_the_way,
    is_named,
)
from directories.ory.settings import OrySettings

_UNKNOWN_FIELD = re.compile(r'unknown field "([A-Za-z_]{1,40})"')
"""Go's strict JSON decoder, which names the first unknown field (Ory contract section 2.1)."""

_OPTIONAL_FIELDS = frozenset((*Form, "external_id"))
"""What older versions of Kratos do not know in a create."""


class OryDelivery:
    """Writes to one Ory project."""

    def __init__(self, api: OryApi, settings: OrySettings) -> None:
        self._api = api
        self._settings = settings

    def put_identity(self, person: PersonRecord, passkey: PasskeyRecord | None) -> Written:
        """Make the person's identity with the passkey in it, or find the one there is.

        An identity that is there is not touched: the caller must first note whose it is.
        """
        if passkey is not None:
            form_of(passkey)
        if (existing := lookup.find(self._api, person, None)) is not None:
            return Written(existing.as_remote(self._settings.mapping))
        try:
            made, refused = self._create(person, passkey)
        except AlreadyThere as conflict:
            if (existing := lookup.find(self._api, person, None)) is not None:
                return Written(existing.as_remote(self._settings.mapping))
            raise Refused(
                "Something of this person is already taken in Ory, and Ory does not say what: "
                "an address, a user handle or another identifier of another identity.",
                code="ory.conflict",
                said=conflict.said,
                request_id=conflict.request_id,
                status=conflict.status,
            ) from None
        except Transient as lost:
            if lost.status is not None:
                raise
            # The answer was lost, so the identity may be there: look before anything is retried.
            if (existing := lookup.find(self._api, person, None)) is None:
                raise
            return Written(existing.as_remote(self._settings.mapping))
        if passkey is None:
            return Written(made.as_remote(self._settings.mapping))
        if refused is not None:
            return Written(
                made.as_remote(self._settings.mapping),
                shortfall=_no_import(refused.said, refused.request_id, refused.status),
            )
        return self._read_back(made.id, passkey)

    def put_passkey(self, remote_id: str, passkey: PasskeyRecord) -> Written:
        """Put a passkey into an identity, keeping everything that a PUT would wipe."""
        before = self._api.identity(remote_id, with_passkeys=True)
        if not differences(before, passkey):
            if not is_named(before, passkey):
                before = self._rename(before, passkey)
            return self._written(before, passkey)
        if others := in_the_way(before, passkey):
            raise _no_room(len(others))
        try:
            self._api.replace(remote_id, _replacement(before, passkey))
        except AlreadyThere as conflict:
            raise Refused(
                "Another identity in this Ory project already has this passkey's user handle.",
                code="ory.user_handle_taken",
                said=conflict.said,
                request_id=conflict.request_id,
                status=conflict.status,
            ) from None
        except Transient as lost:
            if lost.status is not None:
                raise
            after = self._api.identity(remote_id, with_passkeys=True)
            if differences(after, passkey):
                raise
            return self._written(after, passkey)
        return self._read_back(remote_id, passkey)

    def _rename(self, before: IdentityDocument, passkey: PasskeyRecord) -> IdentityDocument:
        """Give the passkey our name by JSON Patch, which leaves its counter and flags alone.

        A Kratos that refuses keeps its own name for it: the name is only for reading.
        """
        form = form_of(passkey)
        named = [
            {**one.raw, "display_name": display_name(passkey)}
            if one.credential_id == passkey.credential_id
            else dict(one.raw)
            for one in before.stored(form)
        ]
        try:
            self._api.patch(before.id, _entries(form, named))
        except Refused:
            return before
        return self._api.identity(before.id, with_passkeys=True)

    def list_passkeys(self, remote_id: str) -> tuple[RemotePasskey, ...]:
        """Every passkey that the identity has."""
        document = self._api.identity(remote_id, with_passkeys=True)
        return tuple(stored.as_remote() for stored in document.passkeys)

    def remove_passkey(self, remote_id: str, credential_id: bytes | None) -> None:
        """Take one passkey out by JSON Patch: the type cannot be deleted (sections 2.5, 3.5)."""
        try:
            before = self._api.identity(remote_id, with_passkeys=True)
        except NotFound:
            return  # with the identity went its passkeys
        found = before.passkey(credential_id)
        if found is None:
            return
        among = before.stored(found.form)
        rest = [dict(one.raw) for one in among if one.credential_id != credential_id]
        whole = found.form is Form.PASSKEY and not rest
        if whole and self._removed_whole(remote_id, credential_id):
            return
        self._leave(remote_id, found.form, rest)
        if self._has(remote_id, credential_id):
            raise _not_removed()

    def in_the_way(self, remote_id: str, passkey: PasskeyRecord) -> tuple[RemotePasskey, ...]:
        """The keys that leave no room for a passkey, second factors called so."""
        document = self._api.identity(remote_id, with_passkeys=True)
        found = ((one.as_remote(), one.is_passwordless) for one in in_the_way(document, passkey))
        return tuple(
            one if signs_in else replace(one, name=f"{one.name or 'A key'} (second factor)")
            for one, signs_in in found
        )

    def make_room(self, remote_id: str, passkey: PasskeyRecord) -> None:
        """Take out what leaves no room for a passkey, by JSON Patch (section 3.5)."""
        document = self._api.identity(remote_id, with_passkeys=True)
        if not in_the_way(document, passkey):
            return
        self._leave(remote_id, Form.WEBAUTHN, [])
        if in_the_way(self._api.identity(remote_id, with_passkeys=True), passkey):
            raise _not_removed()

    def set_enabled(self, remote_id: str, enabled: bool) -> None:
        """Set the state by JSON Patch, which leaves everything else alone (section 2.3)."""
        state = "active" if enabled else "inactive"
        self._api.patch(remote_id, [{"op": "replace", "path": "/state", "value": state}])
        if self._api.identity(remote_id, with_passkeys=False).enabled is not enabled:
            raise Refused(
                f"Ory took the change and did not make the identity {state}.",
                code="ory.state_kept",
            )

    def _removed_whole(self, remote_id: str, credential_id: bytes | None) -> bool:
        """Remove the last passkey with its whole credential, as v25.4 and later can."""
        try:
            self._api.patch(remote_id, [{"op": "remove", "path": "/credentials/passkey"}])
        except Refused:
            return False  # older versions: an empty list does it
        return not self._has(remote_id, credential_id)

    def _leave(self, remote_id: str, form: Form, rest: list[dict[str, Any]]) -> None:
        """Leave only these entries. Kratos' own removal keeps those that sign in (section 2.5)."""
        try:
            self._api.patch(remote_id, _entries(form, rest))
        except Refused as refusal:
            raise _not_removed(refusal) from None

    def _has(self, remote_id: str, credential_id: bytes | None) -> bool:
        document = self._api.identity(remote_id, with_passkeys=True)
        return document.passkey(credential_id) is not None

    def _create(
        self, person: PersonRecord, passkey: PasskeyRecord | None
    ) -> tuple[IdentityDocument, Refused | None]:
        """Create the identity with as much as this version of Kratos knows.

        Returns:
            The identity, and the refusal of the passkey where Kratos cannot import any.
        """
        if not self._settings.schema_id:
            raise Misconfigured("No identity schema is chosen yet.", code="ory.no_schema")
        body: dict[str, Any] = {
            "schema_id": self._settings.schema_id,
            "traits": build_traits(self._settings.mapping, person),
        }
        if passkey is not None:
            body["credentials"] = {form_of(passkey).value: {"config": import_config(passkey)}}
        body["external_id"] = str(person.uuid)
        refused: Refused | None = None
        for _ in range(len(_OPTIONAL_FIELDS) + 1):
            try:
                return self._api.create(body), refused
            except Refused as refusal:
                unknown = _UNKNOWN_FIELD.search(refusal.said)
                name = unknown[1] if unknown else ""
                ours = name in tuple(Form)
                key = "credentials" if ours else name
                if name not in _OPTIONAL_FIELDS or key not in body:
                    raise
                del body[key]
                refused = refusal if ours else refused
        raise AssertionError("each refusal took a field away")

    def _read_back(self, remote_id: str, passkey: PasskeyRecord) -> Written:
        try:
            document = self._api.identity(remote_id, with_passkeys=True)
        except NotFound as error:
            raise Transient(
                "Ory took the change and cannot find the identity yet.",
                code="ory.not_readable",
                said=error.said,
                request_id=error.request_id,
            ) from None
        return self._written(document, passkey)

    def _written(self, document: IdentityDocument, passkey: PasskeyRecord) -> Written:
        """What a read-back shows, and why it falls short where it does."""
        identity = document.as_remote(self._settings.mapping)
        stored = document.passkey(passkey.credential_id, form_of(passkey))
        if stored is None:
            return Written(identity, shortfall=_no_import())
        if wrong := differences(document, passkey):
            return Written(
                identity,
                shortfall=Refused(
                    f"Ory stored the passkey differently: {'; '.join(wrong)}.",
                    code="ory.stored_differently",
                ),
            )
        return Written(identity, stored.as_remote(), _organisation_warning(document))


def _replacement(before: IdentityDocument, passkey: PasskeyRecord) -> dict[str, Any]:
    """A PUT body that changes nothing but the passkey (sections 2.2 and 3.3).

    What is absent from a PUT is wiped: traits, both metadata and the external id. The
    organisation is not part of it and stays.
    """
    kept: Mapping[str, Any] = before.raw
    body = {
        name: kept[name]
        for name in ("schema_id", "traits", "state", "metadata_public", "metadata_admin")
        if name in kept
    }
    if before.external_id:
        body["external_id"] = before.external_id
    form = form_of(passkey)
    stored = before.passkey(passkey.credential_id, form)
    body["credentials"] = {form.value: {"config": import_config(passkey, stored)}}
    return body


def _entries(form: Form, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A JSON Patch that sets what is kept in a form (section 3.5)."""
    path = f"/credentials/{form.value}/config/credentials"
    return [{"op": "replace", "path": path, "value": entries}]


def _no_room(count: int) -> Refused:
    return Refused(
        "This key's user handle is not text, as of keys whose registration another directory "
        "began. For such keys Ory has room for one handle in an identity, and has another one "
        f"there, with {count} {'key' if count == 1 else 'keys'}. Keep what is there, or replace "
        "it.",
        code="ory.other_handle",
    )


def _no_import(said: str = "", request_id: str = "", status: int | None = None) -> Refused:
    return Refused(
        "This Kratos cannot import passkeys: it has the identity, without the passkey. Ory "
        "Network, Ory Enterprise License from v26.2.4 and Kratos releases after v26.2.0 can.",
        code="ory.no_import",
        said=said,
        request_id=request_id,
        status=status,
    )


def _not_removed(refusal: Refused | None = None) -> Refused:
    return Refused(
        "Ory kept the passkey. Its owner can remove it in Ory's own settings page, or an operator "
        "can deactivate the identity there.",
        code="ory.not_removed",
        said=refusal.said if refusal else "",
        request_id=refusal.request_id if refusal else "",
        status=refusal.status if refusal else None,
    )


def _organisation_warning(document: IdentityDocument) -> Refused | None:
    if not document.organization_id:
        return None
    return Refused(
        "The passkey is there, but the identity belongs to an organisation, whose members Ory "
        "signs in by the organisation's single sign-on only.",
        code="ory.organization",
    )
