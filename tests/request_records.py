"""Rows of provisioning requests, for tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from models import (
    Directory,
    Passkey,
    Person,
    ProvisioningRequest,
    RequestDirectory,
    RequestPasskey,
    RequestPerson,
    RequestSource,
    RequestState,
    SourceKind,
)

_number = itertools.count(1)


class RequestRecords:
    """Makes them in one session, at the clock's time."""

    def __init__(self, session: Session, clock: Callable[[], datetime]) -> None:
        self.session = session
        self.clock = clock

    def request(self, by: Person, *directories: Directory, **more: Any) -> ProvisioningRequest:
        """A request whose people are all taken in already."""
        request = self._add(
            ProvisioningRequest(
                **{
                    "name": f"Request {next(_number)}",
                    "state": RequestState.PENDING,
                    "created_by": by,
                    "created_at": self.clock(),
                    "confirmed_at": self.clock(),
                    "gathered_at": self.clock(),
                    "ends_at": self.clock() + timedelta(days=30),
                    **more,
                }
            )
        )
        for directory in directories:
            self._add(RequestDirectory(request_id=request.id, directory_id=directory.id))
        self.session.refresh(request, ["directories"])
        return request

    def request_source(
        self, request: ProvisioningRequest, person: Person, **more: Any
    ) -> RequestSource:
        return self._add(
            RequestSource(
                **{
                    "request_id": request.id,
                    "kind": SourceKind.PERSON,
                    "name": person.display_name,
                    "person_id": person.id,
                    **more,
                }
            )
        )

    def request_person(
        self, request: ProvisioningRequest, person: Person | None, **more: Any
    ) -> RequestPerson:
        """Somebody taken in, after everybody who was before."""
        request.people_count += 1
        return self._add(
            RequestPerson(
                **{
                    "request": request,
                    "position": request.people_count,
                    "person": person,
                    "added_at": self.clock(),
                    **more,
                }
            )
        )

    def request_passkey(self, own: RequestPerson, passkey: Passkey) -> RequestPasskey:
        return self._add(
            RequestPasskey(
                request_person_id=own.id, passkey_id=passkey.id, registered_at=self.clock()
            )
        )

    def _add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row
