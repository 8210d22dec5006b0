"""What a person's pages say of security keys: which are allowed, and which one was seen."""

from __future__ import annotations

from uuid import UUID

from blueprints.context import portal
from models import EnrolmentLink, Person, RequestPerson
from services import policies
from services.attestation.metadata import Model
from services.ceremonies import CeremonyRefusal
from services.provisioning import scope


def allowed_models(
    person: Person, of: EnrolmentLink | RequestPerson | None = None
) -> tuple[Model, ...]:
    """The models that the person may enrol, each name once; empty where any key may come.

    A manufacturer has an entry for each edition of a model, and a person cannot tell them apart.

    Args:
        of: the link by which they enrol, or their place at a desk: a request may have chosen a
            policy of its own for it.
    """
    with portal().database.read() as session:
        chosen = scope.policy_for(session, of) if of is not None else None
        policy = chosen or policies.for_person(session, person.id)
    models = policy.allowed(portal().metadata) if policy else ()
    return tuple({model.name: model for model in models}.values())


def seen(refusal: CeremonyRefusal) -> Model | None:
    """The model that a refused key claimed to be, where metadata knows it."""
    try:
        return portal().metadata.model(UUID(str(refusal.facts.get("aaguid"))))
    except ValueError:
        return None
