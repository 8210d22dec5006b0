"""The blueprint, and where this browser's enrolment stands."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint

from blueprints import visitor
from blueprints.context import portal
from models import EnrolmentStep
from services import links
from services.enrolment import steps
from services.enrolment.steps import Planned

blueprint = Blueprint("enrol", __name__, url_prefix="/enrol")


@dataclass(frozen=True)
class Standing:
    """This browser's enrolment and its steps."""

    own: links.Enrolment
    planned: tuple[Planned, ...]

    @property
    def steps(self) -> tuple[EnrolmentStep, ...]:
        """The steps, in their order."""
        return tuple(one.step for one in self.planned)

    @property
    def current(self) -> Planned | None:
        """What comes next; None when nothing is left."""
        return next((one for one in self.planned if steps.is_open(one.step)), None)

    @property
    def several(self) -> bool:
        """Whether it takes more than one touch, so that pages tell of steps."""
        return len(self.planned) > 1


def standing() -> Standing:
    """This browser's enrolment; its steps are written down when they are first asked for.

    Raises:
        Refusal: when it has none, or none that still works.
    """
    own = visitor.enrolment()
    with portal().database.read() as session:
        found = steps.kept(session, own.link)
        planned = steps.plan(session, portal(), own.link, found)
    if planned or own.person is None:
        return Standing(own, planned)
    with portal().database.write() as session:
        found = steps.of_link(session, portal(), own.link, now=portal().now())
        return Standing(own, steps.plan(session, portal(), own.link, found))
