"""What the policy admits at registration (entra.md 2.7, 4)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.emulators.graph import AAGUID, error, refused

OTHER = UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")


def test_key_restrictions_admit_by_model(graph, security_key):
    graph.entra.control.restrict("allow", str(OTHER))
    refused(graph, graph.made(security_key))
    graph.entra.control.restrict("block", str(AAGUID).upper())
    refused(graph, graph.made(security_key))
    graph.entra.control.restrict("allow", str(AAGUID).upper())
    assert graph.register(graph.made(security_key)).status_code == 201


def test_profiles_add_up(graph, security_key):
    policy = graph.entra.entra.policy.all()
    strict = policy["passkeyProfiles"][0] | {
        "id": "11111111-0000-4000-8000-000000000001",
        "keyRestrictions": {"isEnforced": True, "enforcementType": "allow", "aaGuids": []},
    }
    wide = strict | {
        "id": "11111111-0000-4000-8000-000000000002",
        "keyRestrictions": {
            "isEnforced": True, "enforcementType": "allow", "aaGuids": [str(AAGUID)]
        },
    }  # fmt: skip
    target = policy["includeTargets"][0]
    only_strict = [target | {"allowedPasskeyProfiles": [strict["id"]]}]
    both = [target | {"allowedPasskeyProfiles": [strict["id"], wide["id"]]}]
    graph.entra.control.policy(passkeyProfiles=[strict, wide], includeTargets=only_strict)
    refused(graph, graph.made(security_key))
    graph.entra.control.policy(includeTargets=both)
    assert graph.register(graph.made(security_key)).status_code == 201


def test_without_profiles_the_deprecated_restrictions_hold(graph, security_key):
    graph.entra.control.restrict("block", str(AAGUID))
    target = graph.entra.entra.policy.all()["includeTargets"][0]
    graph.entra.control.policy(
        passkeyProfiles=[], includeTargets=[target | {"allowedPasskeyProfiles": []}]
    )
    refused(graph, graph.made(security_key))


def test_enforced_attestation_needs_a_certificate_of_a_validated_model(graph, security_key):
    graph.entra.control.enforce_attestation()
    refused(graph, graph.made(security_key, attestation="none"))
    refused(graph, graph.made(security_key, attestation="self"))
    graph.entra.control.validated_models(str(OTHER))
    refused(graph, graph.made(security_key))
    graph.entra.control.validated_models(str(AAGUID))
    assert graph.register(graph.made(security_key)).status_code == 201


def test_synced_passkeys_need_a_profile_that_takes_them(graph, security_key):
    refused(graph, graph.made(security_key, backup_eligible=True))
    profile = graph.entra.entra.policy.all()["passkeyProfiles"][0]
    graph.entra.control.policy(passkeyProfiles=[profile | {"passkeyTypes": "deviceBound,synced"}])
    answer = graph.register(graph.made(security_key, backup_eligible=True))
    assert answer.json()["passkeyType"] == "synced"


def test_targets_are_checked_at_registration_too(graph, security_key):
    body = graph.made(security_key)
    nobody = graph.entra.control.group("Nobody yet")["id"]
    target = {"targetType": "group", "id": nobody, "isRegistrationRequired": False}
    graph.entra.control.policy(includeTargets=[target])
    graph.entra.control.vary(not_targeted="at registration")
    refused(graph, body)


@pytest.mark.parametrize(
    "fields", [{"state": "disabled"}, {"isSelfServiceRegistrationAllowed": False}],
    ids=["disabled", "self-service-off"],
)  # fmt: skip
def test_the_policy_is_checked_at_registration_too(graph, security_key, fields):
    body = graph.made(security_key)
    graph.entra.control.policy(**fields)
    refused(graph, body)


def test_ten_may_be_the_most(graph, security_key):
    user_id = graph.person["id"]
    graph.entra.control.vary(most_passkeys="ten")
    for number in range(10):
        graph.entra.control.add_passkey(user_id, credential_id=bytes([number]) * 16)
    assert error(graph.register(graph.made(security_key, user_id), user_id))[0] == 400
    graph.entra.control.vary(most_passkeys="no limit")
    assert graph.register(graph.made(security_key, user_id), user_id).status_code == 201
