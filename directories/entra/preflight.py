"""What a registration for one person would meet, read before a challenge is asked for.

Entra contract sections 0, 2.7 and 4: a registration that fails is told in vague words, so what
may be in its way is looked at, and said beside them. What may not be read is unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from directories.base import (
    CheckState,
    DirectoryError,
    Finding,
    Intended,
    RemoteIdentity,
    Transient,
)
from directories.entra import passkeys, policy, remedies
from directories.entra.api import EntraApi
from directories.rules import Attestation, Profile

MANY = 10
"""Passkeys. No limit is published; some tell of this one (section 2.7)."""

_REFUSED_LATE = ("entra.targeted", "entra.models_admitted", "entra.attestation")
"""What Entra may give out a challenge in spite of, and refuses once the key was touched."""

MOST_NAMED = 3
"""Models that a sentence names."""


def findings(api: EntraApi, identity: RemoteIdentity, intended: Intended) -> tuple[Finding, ...]:
    """Look at everything that is known to make a registration fail.

    Raises:
        Transient: while nothing can be looked at.
    """
    return (*_account(identity), *_policy(api, identity, intended), _room(api, identity))


def _account(identity: RemoteIdentity) -> Iterable[Finding]:
    if identity.guest:
        yield _failed(
            "entra.account",
            "They are a guest there, and Entra registers no passkeys for guests.",
            "Connect the tenant that they belong to.",
            person="You are a guest there, and it registers no keys for guests.",
        )
    elif identity.enabled is False:
        yield _failed(
            "entra.account",
            "Their account is disabled there, so nobody signs in with its keys.",
            "Enable it: Microsoft Entra admin center → Entra ID → Users.",
            person="Your account there is disabled.",
        )


def _policy(api: EntraApi, identity: RemoteIdentity, intended: Intended) -> Iterable[Finding]:
    try:
        read = policy.read(api)
    except Transient:
        raise
    except DirectoryError as error:
        yield _unknown(
            "entra.policy_on",
            f"The tenant's policy for passkeys was not read: {error.reason}",
            remedies.of(error, "entra.policy"),
        )
        return
    yield _flag(
        "entra.policy_on",
        policy.enabled(read),
        ("Passkeys are switched on there.", "Passkeys are switched off there."),
        f"Enable them: {policy.WHERE['enabled']}.",
        person="Passkeys are switched off there.",
    )
    yield _flag(
        "entra.self_service_on",
        policy.self_service(read),
        (
            "Self-service set up is on, as provisioning needs it.",
            "Self-service set up is off. Without it Entra registers no keys for others either.",
        ),
        f"Switch it on: {policy.WHERE['self_service']}.",
        person="Registering keys is switched off there.",
    )
    try:
        groups: Collection[str] | None = policy.memberships(api, read, identity.remote_id)
    except DirectoryError:
        groups = None
    targeted, profiles = policy.for_person(read, groups)
    yield _flag(
        "entra.targeted",
        targeted,
        ("The policy is for this person.", "The policy is not for this person."),
        f"Include one of their groups, or exclude none of them: {policy.WHERE['enabled']}.",
        person="Passkeys are not switched on for you there.",
    )
    if profiles and targeted is not False:
        yield from _models(profiles, intended)


def _models(profiles: Collection[Profile], intended: Intended) -> Iterable[Finding]:
    if not any(one.device_bound for one in profiles):
        yield _failed(
            "entra.models_admitted",
            "No security keys are admitted for this person, only passkeys that are copied.",
            f"Admit device-bound passkeys: {policy.WHERE['profiles']}.",
            person="It takes no security keys from you.",
        )
        return
    if intended.models is None:
        restricted = [one for one in profiles if one.device_bound and not _any_model(one)]
        if len(restricted) == sum(one.device_bound for one in profiles):
            yield _unknown(
                "entra.models_admitted",
                "Entra admits chosen models only, and here any is accepted: it depends on the key.",
            )
        else:
            yield _passed("entra.models_admitted", "Entra admits security keys of any model.")
        return
    listed = {one for one in intended.models if any(_admits(each, one) for each in profiles)}
    yield _among(
        "entra.models_admitted",
        intended.models,
        listed,
        "admits",
        unsure=any(one.admission.unmapped for one in profiles),
    )
    if not any(one.attestation is Attestation.ENFORCED for one in profiles):
        return
    proven = {
        model
        for model in listed
        if any(
            _admits(one, model)
            and (one.attestation is not Attestation.ENFORCED or model in intended.attested)
            for one in profiles
        )
    }
    if listed:
        names = {one: name for one, name in intended.models.items() if one in listed}
        yield _among("entra.attestation", names, proven, "can verify", unsure=False)


def _among(
    code: str, models: Mapping[UUID, str], good: Collection[UUID], does: str, *, unsure: bool
) -> Finding:
    """All, some or none of the models that are accepted here."""
    left = sorted(name for one, name in models.items() if one not in good)
    if not left:
        return _passed(code, f"Entra {does} every model that is accepted here.")
    remedy = f"Admit it there ({policy.WHERE['profiles']}), or use another model."
    if code == "entra.attestation":
        remedy = f"Use another model, or no longer enforce attestation: {policy.POLICY_PAGE}."
    if unsure:
        return _unknown(
            code, f"Its list has entries that name no model, so {_named(left)} may fail.", remedy
        )
    if good:
        return _unknown(
            code, f"It depends on the key: Entra {does} some models, not {_named(left)}.", remedy
        )
    return _failed(
        code,
        f"Entra {does} no model that is accepted here: {_named(left)}.",
        remedy,
        person="It takes none of the keys that you may use.",
    )


def _named(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMED])
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _any_model(profile: Profile) -> bool:
    admission = profile.admission
    return admission.only is None and not admission.blocked and not admission.unmapped


def _admits(profile: Profile, model: UUID) -> bool:
    return profile.device_bound and profile.admission.admits(model)


def _room(api: EntraApi, identity: RemoteIdentity) -> Finding:
    try:
        many = len(passkeys.listed(api, identity.remote_id))
    except Transient:
        raise
    except DirectoryError as error:
        return _unknown(
            "entra.room",
            f"Their passkeys there were not read: {error.reason}",
            remedies.of(error, "entra.passkeys"),
        )
    have = f"They have {many} {'passkey' if many == 1 else 'passkeys'} there"
    if many >= MANY:
        return _unknown(
            "entra.room",
            f"{have}, and Microsoft does not say how many one can have.",
            "Remove one that is not used, should Entra refuse another.",
        )
    return _passed("entra.room", f"{have}.")


def _flag(
    code: str, value: bool | None, words: tuple[str, str], remedy: str, *, person: str
) -> Finding:
    """What follows from a yes, a no, or neither."""
    if value is None:
        return _unknown(code, f"It is not told whether this holds: {words[0]}")
    return _passed(code, words[0]) if value else _failed(code, words[1], remedy, person=person)


def _passed(code: str, sentence: str) -> Finding:
    return Finding(code, CheckState.PASSED, sentence)


def _failed(code: str, sentence: str, remedy: str, *, person: str) -> Finding:
    late = code in _REFUSED_LATE
    return Finding(code, CheckState.FAILED, sentence, remedy, blocks=late, person=person)


def _unknown(code: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(code, CheckState.UNKNOWN, sentence, remedy)
