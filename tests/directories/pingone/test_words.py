"""What PingOne's words mean: filters, relying party IDs, rules and refusals. Nothing is called."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest

from directories.answers import Answer
from directories.base import (
    AlreadyThere,
    Misconfigured,
    NotFound,
    Refused,
    Transient,
)
from directories.pingone import (
    AuthMethod,
    FidoPolicy,
    MfaPolicy,
    PingOneSettings,
    Region,
    consequence,
    enrols_here,
)
from directories.pingone.errors import may_be_device_limit, problem, token_problem
from directories.pingone.links import next_page, segment
from directories.pingone.people import people_filter
from directories.pingone.rules import models, translate
from directories.rules import Attestation, Demand

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SETTINGS = PingOneSettings("6f1d9c2e-0f0a-4a53-9a5c-6d9d9f2b7c11", Region.EU, "worker-1")
KEY = uuid.UUID("692db549-7ae5-44d5-a1e5-dd20a493b723")


def answer(status: int, data=None, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    said = data.get("message", "") if isinstance(data, dict) else ""
    return Answer(status, data, data is not None, False, names, said, "r-1")


def refusal(top: str, *codes: str, **inner) -> dict:
    details = [{"code": code, "innerError": inner} for code in codes]
    return {"id": "r-1", "code": top, "message": "No.", "details": details}


# -- filters ------------------------------------------------------------------------------------


def test_everybody_is_found_without_a_filter():
    assert people_filter("  ", None) == ""


def test_people_are_found_by_the_beginning_of_a_name_or_address():
    assert people_filter(" ada ", None) == (
        'username sw "ada" or email sw "ada" or name.given sw "ada" or name.family sw "ada"'
    )


def test_two_words_are_a_name_either_way_round():
    found = people_filter("Ada King  Byron", None)
    assert 'username sw "Ada King Byron"' in found
    assert '(name.given sw "Ada" and name.family sw "Byron")' in found
    assert '(name.family sw "Ada" and name.given sw "Byron")' in found


def test_nothing_typed_gets_out_of_its_quotes():
    found = people_filter('a" or id pr \\', None)
    assert 'username sw "a\\" or id pr \\\\"' in found


def test_a_search_within_a_group_holds_both():
    assert people_filter("", 'g"1') == 'memberOfGroups[id eq "g\\"1"]'
    found = people_filter("ada", "g-1")
    assert found.startswith('memberOfGroups[id eq "g-1"] and (username sw "ada" or ')
    assert found.endswith(")")


def test_what_is_no_id_is_nowhere():
    assert segment("6f1d9c2e-0f0a_X") == "6f1d9c2e-0f0a_X"
    for wrong in ("", ".", "..", "a/b", "a?b", "a%2e", "é", "x" * 200):
        with pytest.raises(NotFound):
            segment(wrong)


# -- pages --------------------------------------------------------------------------------------

USERS = "https://api.pingone.eu/v1/environments/e/users"


def linked(target) -> Answer:
    return answer(200, {"_links": {"next": {"href": target}}})


def test_of_the_next_page_only_the_query_is_taken():
    assert next_page(linked(f"{USERS}?cursor=a%2Bb&limit=5"), USERS) == "cursor=a%2Bb&limit=5"


@pytest.mark.parametrize("data", [{}, [], {"_links": []}, {"_links": {"next": None}}, None])
def test_the_last_page_has_no_next(data):
    assert next_page(answer(200, data), USERS) is None


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/v1/environments/e/users?cursor=a",
        "//evil.example/?cursor=a",
        "https://api.pingone.com/v1/environments/e/users?cursor=a",
        "https://[/?cursor=a",
        "?cursor=a",
        USERS,
        f"{USERS}?cursor=a b",
        f"{USERS}?" + "a" * 5000,
        7,
    ],
)
def test_a_next_page_elsewhere_is_refused(target):
    with pytest.raises(Misconfigured) as caught:
        next_page(linked(target), USERS)
    assert caught.value.code == "pingone.foreign_link"


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, refusal("INVALID_DATA", "INVALID_VALUE"), Refused, "http.refused"),
        (400, refusal("INVALID_REQUEST", "INVALID_FILTER"), Refused, "http.refused"),
        (400, refusal("INVALID_DATA", "UNIQUENESS_VIOLATION"), AlreadyThere, "http.conflict"),
        (401, refusal("ACCESS_FAILED", "INVALID_TOKEN"), Misconfigured, "http.key"),
        (
            401,
            refusal("ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS"),
            Misconfigured,
            "http.forbidden",
        ),
        (
            403,
            refusal("ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS"),
            Misconfigured,
            "http.forbidden",
        ),
        (
            400,
            refusal("ACCESS_FAILED", "INSUFFICIENT_PERMISSIONS"),
            Misconfigured,
            "http.forbidden",
        ),
        (403, refusal("ACCESS_FAILED", "LICENSE_EXCEEDED"), Misconfigured, "pingone.licence"),
        (403, refusal("ACCESS_FAILED", "SOMETHING_NEW"), Misconfigured, "http.forbidden"),
        (404, refusal("NOT_FOUND"), NotFound, "http.not_found"),
        (415, refusal("INVALID_REQUEST"), Refused, "http.refused"),
        (418, refusal("SOMETHING_NEW", "NEWER"), Refused, "http.refused"),
        (400, {"code": 7, "message": "No."}, Refused, "http.refused"),
        (404, {"details": "no"}, NotFound, "http.not_found"),
    ],
)
def test_a_refusal_is_told_by_its_details_first(status, body, kind, code):
    found = problem(answer(status, body), NOW)
    assert type(found) is kind
    assert (found.code, found.request_id, found.status) == (code, "r-1", status)


def test_a_good_answer_is_no_problem():
    assert problem(answer(200, {"code": "x"}), NOW) is None


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (refusal("REQUEST_LIMITED", "LIMIT_EXCEEDED"), {"retry_after": "7"}, 7.0),
        (refusal("REQUEST_LIMITED", "QUOTA_EXCEEDED", retryAfter=9), {}, 9.0),
        (refusal("REQUEST_LIMITED", "QUOTA_EXCEEDED", retryAfter=-9), {}, 0.0),
        (refusal("REQUEST_LIMITED", "QUOTA_EXCEEDED", retryAfter=10**9), {}, 3600.0),
        (refusal("REQUEST_LIMITED", "QUOTA_EXCEEDED", retryAfter=True), {}, None),
        (refusal("REQUEST_LIMITED"), {}, None),
    ],
)
def test_a_rate_limit_says_how_long_to_wait(body, headers, seconds):
    found = problem(answer(429, body, **headers), NOW)
    assert isinstance(found, Transient)
    assert found.retry_after == seconds


@pytest.mark.parametrize(
    ("status", "codes", "headers", "may_be"),
    [
        (429, ("LIMIT_EXCEEDED",), {}, True),
        (429, ("LIMIT_EXCEEDED",), {"retry_after": "3"}, True),
        (429, (), {}, True),
        (429, ("QUOTA_EXCEEDED",), {"retry_after": "3"}, False),
        (400, ("LIMIT_EXCEEDED",), {}, False),
    ],
)
def test_a_limit_of_devices_is_told_from_a_limit_of_requests(status, codes, headers, may_be):
    found = answer(status, refusal("REQUEST_LIMITED", *codes), **headers)
    assert may_be_device_limit(found) is may_be


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (
            401,
            {
                "error": "invalid_client",
                "message": "Request denied: Unsupported authentication method (Correlation ID: 1)",
            },
            "pingone.auth_method",
        ),
        (401, {"error": "invalid_client"}, "pingone.client"),
        (400, {"error": "unauthorized_client"}, "pingone.grant"),
        (404, refusal("NOT_FOUND"), "pingone.environment"),
        (404, None, "pingone.environment"),
        (400, {"error": "invalid_request"}, "pingone.token"),
        (400, [], "pingone.token"),
    ],
)
def test_a_token_endpoints_refusal_comes_with_a_hint(status, body, code):
    found = token_problem(answer(status, body), SETTINGS)
    assert (type(found), found.code) == (Misconfigured, code)
    assert found.reason.endswith(".")


def test_the_other_way_to_authenticate_is_named():
    body = {"error": "invalid_client", "message": "Unsupported authentication method"}
    assert "Choose Client Secret Basic" in token_problem(answer(401, body), SETTINGS).reason
    basic = PingOneSettings(SETTINGS.environment_id, Region.EU, "w", AuthMethod.BASIC)
    assert "Choose Client Secret Post" in token_problem(answer(401, body), basic).reason


# -- the relying party ID -----------------------------------------------------------------------

KEYS = "https://keys.example.com"


@pytest.mark.parametrize(
    ("theirs", "origins", "here"),
    [
        ("example.com", [KEYS], True),
        ("Example.COM", ["https://KEYS.example.com"], True),
        ("keys.example.com", [KEYS], True),
        ("ample.com", [KEYS], False),
        ("auth.example.com", [KEYS], False),
        ("pingone.eu", [KEYS], False),
        ("", [KEYS], False),
        ("com", [KEYS], False),
        ("localhost", ["http://localhost:5000"], True),
        ("localhost", ["https://app.localhost"], True),
        ("example.com", ["http://keys.example.com"], False),
        ("10.0.0.1", ["https://10.0.0.1"], False),
        ("example.com", [], False),
        ("example.com", ["https://[", "nonsense"], False),
        ("example.com", [KEYS, "https://keys.example.org"], True),
    ],
)
def test_a_browser_enrols_where_the_relying_party_id_covers_its_page(theirs, origins, here):
    found, sentence = enrols_here(theirs, origins)
    assert found is here
    assert sentence.startswith(f"A browser here can enrol: {'yes' if here else 'no, because'}")
    assert sentence.endswith(".")


def test_the_verdict_says_where_and_why():
    _, sentence = enrols_here("pingone.eu", [KEYS])
    assert sentence == (
        "A browser here can enrol: no, because the relying party ID pingone.eu is PingOne's own "
        "and does not cover keys.example.com."
    )
    _, sentence = enrols_here("example.com", [KEYS, "https://keys.example.org"])
    assert f"yes, at {KEYS}, because" in sentence


def test_where_keys_sign_in_is_said_with_it():
    assert "at auth.example.com" in consequence(
        "example.com", ["auth.pingone.eu", "auth.example.com"]
    )
    assert "at auth.pingone.eu" in consequence("pingone.eu", ["auth.pingone.eu"])
    assert "no use" in consequence("example.com", ["auth.pingone.eu"])
    assert "could not be read" in consequence("example.com", None)


# -- rules --------------------------------------------------------------------------------------


def rules(table=(), **fido):
    usual = {"id": "f", "name": "Keys", "default": False, "relying_party_id": "example.com"}
    policy = FidoPolicy(**(usual | fido))
    return translate(MfaPolicy("m", "Everyone", True, True, False, policy), policy, table)


def test_a_fido_policy_is_told_in_shared_words():
    found = rules(
        discoverable="REQUIRED",
        user_verification="PREFERRED",
        attachment="BOTH",
        backup_allowed=False,
        attestation="DIRECT",
        authenticators="NONE",
    )
    assert (found.enabled, found.self_service, found.rp_id) == (True, True, "example.com")
    assert (found.discoverable, found.user_verification) == (Demand.REQUIRED, Demand.PREFERRED)
    (profile,) = found.profiles
    assert (profile.device_bound, profile.synced) == (True, False)
    assert profile.attestation is Attestation.ASKED
    assert profile.admission.admits(KEY)
    assert all(not place.endswith(".") for place in found.where.values())


def test_what_is_not_told_cannot_be_compared():
    found = rules()
    assert (found.discoverable, found.user_verification) == (None, None)
    assert found.profiles[0].attestation is None
    assert found.profiles[0].synced is None
    assert not found.profiles[0].admission.admits(KEY)
    assert found.profiles[0].admission.unmapped


@pytest.mark.parametrize(
    ("asked", "required", "means"),
    [
        ("NONE", "NONE", Attestation.NONE),
        ("DIRECT", "AUDIT_ONLY", Attestation.ASKED),
        ("DIRECT", "GLOBAL", Attestation.ENFORCED),
        ("DIRECT", "CERTIFIED", Attestation.ENFORCED),
        ("ENTERPRISE", "SPECIFIC", Attestation.ENFORCED),
        ("SOMETHING_NEW", "NONE", None),
    ],
)
def test_attestation_is_enforced_where_models_are_required(asked, required, means):
    assert rules(attestation=asked, authenticators=required).profiles[0].attestation is means


TABLE = [
    {"mdsIdentifier": "MDS-1", "id": "1", "aaguid": KEY.hex},
    {"id": "2", "metadataStatement": {"aaguid": str(uuid.UUID(int=2))}},
    {"mdsIdentifier": "u2f", "attestationCertificateKeyIdentifiers": ["00"]},
    {"mdsIdentifier": "odd", "aaguid": 7},
    {"aaguid": KEY.hex},
]


def test_pingones_table_leads_from_its_ids_to_models():
    assert models(TABLE) == {"mds-1": KEY, "1": KEY, "2": uuid.UUID(int=2)}


def test_named_authenticators_are_mapped_to_models_and_the_rest_is_said():
    found = rules(TABLE, authenticators="SPECIFIC", allowed=("mds-1", "2", "u2f", "gone"))
    admission = found.profiles[0].admission
    assert admission.only == {KEY, uuid.UUID(int=2)}
    assert admission.unmapped == ("u2f", "gone")


def test_the_whole_table_is_admitted_where_the_policy_says_so():
    admission = rules(TABLE, authenticators="GLOBAL").profiles[0].admission
    assert admission.only == {KEY, uuid.UUID(int=2)}
    assert not admission.unmapped


@pytest.mark.parametrize(("required", "table"), [("GLOBAL", ()), ("CERTIFIED", TABLE)])
def test_a_list_that_is_not_known_is_never_guessed(required, table):
    admission = rules(table, authenticators=required).profiles[0].admission
    assert not admission.admits(KEY)
    assert len(admission.unmapped) == 1


def test_a_policy_for_built_in_authenticators_takes_no_security_keys():
    assert not rules(attachment="PLATFORM").profiles[0].device_bound
