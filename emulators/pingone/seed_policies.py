"""The FIDO and MFA policies, settings, models and custom domain of a fresh organisation."""

from __future__ import annotations

from typing import Any

from emulators.pingone import fido_policies, metadata, settings
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.known import (
    CUSTOM_DOMAIN,
    DEFAULT_MFA,
    ENVIRONMENT,
    MADE,
    PASSKEYS,
    PORTAL,
    PORTAL_MFA,
    SECURITY_KEY,
    known_id,
)

# Two models, as the "Global Authenticators" table has hundreds (pingone.md 4.4).
MODELS = (
    ("0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab", "HID Crescendo 4000", "FIDO_CERTIFIED_L1"),
    ("6e24d385-004a-16a0-7bfe-efd963845b34", "Example Key", "NOT_FIDO_CERTIFIED"),
)  # fmt: skip


def add_policies(ping: PingOne) -> None:
    """pingone.md 4.1 [D ADM]: "Passkeys" (default) and "Security key", and one of type "Other"."""
    for key, name, rp_id, more in (
        ("passkeys", PASSKEYS, "pingone.com", {"default": True}),
        (
            "security-key",
            SECURITY_KEY,
            "pingone.com",
            {
                "discoverableCredentials": "DISCOURAGED",
                "authenticatorAttachment": "CROSS_PLATFORM",
                "userVerification": {"option": "DISCOURAGED", "enforceDuringAuthentication": False},
            },
        ),
        (
            "portal",
            PORTAL,
            ping.rp_id,
            {
                "discoverableCredentials": "REQUIRED",
                "userVerification": {"option": "REQUIRED", "enforceDuringAuthentication": True},
                "attestationRequirements": "DIRECT",
            },
        ),
    ):
        policy = _fido_policy(key, name, rp_id)
        ping.put(fido_policies.KIND, policy | more)
    _mfa_policy(ping, "mfa-policy/default", DEFAULT_MFA, None)
    _mfa_policy(ping, "mfa-policy/portal", PORTAL_MFA, known_id("fido-policy/portal"))
    ping.store.put(settings.KIND, ENVIRONMENT, settings.USUAL)
    for aaguid, name, status in MODELS:
        ping.put(metadata.KIND, _model(aaguid, name, status))
    ping.put(
        "customDomain",
        {
            "id": known_id("custom-domain"),
            "environment": {"id": ENVIRONMENT},
            "domainName": CUSTOM_DOMAIN,
            "canonicalName": f"{ENVIRONMENT}.edge.pingone.com",
            "status": "ACTIVE",
        },
    )


def _fido_policy(key: str, name: str, rp_id: str) -> Document:
    return {
        "id": known_id(f"fido-policy/{key}"),
        "environment": {"id": ENVIRONMENT},
        "createdAt": MADE,
        "updatedAt": MADE,
        "name": name,
        "default": False,
        "relyingPartyId": rp_id,
        "discoverableCredentials": "PREFERRED",
        "authenticatorAttachment": "BOTH",
        "userVerification": {"option": "PREFERRED", "enforceDuringAuthentication": True},
        "backupEligibility": {"allow": True, "enforceDuringAuthentication": True},
        "attestationRequirements": "NONE",
        "mdsAuthenticatorsRequirements": {"option": "NONE", "enforceDuringAuthentication": False},
        "userDisplayNameAttributes": {
            "attributes": [
                {"name": "name", "subAttributes": [{"name": "given"}, {"name": "family"}]},
                {"name": "username"},
            ]
        },
        "deviceDisplayName": "fidoPolicy.deviceDisplayName01",
    }


def _mfa_policy(ping: PingOne, key: str, name: str, fido_policy: str | None) -> None:
    pause = {"duration": 2, "timeUnit": "MINUTES"}
    failure = {"count": 3, "coolDown": pause}
    otp = {"failure": failure, "lifeTime": {"duration": 30, "timeUnit": "MINUTES"}}
    step = {"stepSize": {"duration": 30, "timeUnit": "SECONDS"}}
    ping.put(
        "deviceAuthenticationPolicy",
        {
            "id": known_id(key),
            "environment": {"id": ENVIRONMENT},
            "name": name,
            "default": fido_policy is None,
            "forSignOnPolicy": False,
            "authentication": {"deviceSelection": "DEFAULT_TO_FIRST"},
            "newDeviceNotification": "NONE",
            "sms": {"enabled": True, "otp": otp},
            "voice": {"enabled": False, "otp": otp},
            "email": {"enabled": True, "otp": otp},
            "mobile": {"enabled": True, "otp": {"failure": failure, "window": step}},
            "totp": {"enabled": True, "otp": {"failure": failure}},
            "fido2": {
                "enabled": True,
                "pairingDisabled": False,
                "fido2PolicyId": fido_policy,
                "promptForNicknameOnPairing": True,
                "failure": failure,
            },
            "updatedAt": MADE,
        },
    )


def _model(aaguid: str, name: str, status: str) -> Document:
    statement: dict[str, Any] = {
        "aaguid": aaguid,
        "description": name,
        "protocolFamily": "fido2",
        "attestationRootCertificates": [],
        "authenticatorGetInfo": {"versions": ["FIDO_2_0"], "aaguid": aaguid.replace("-", "")},
    }
    return {
        "id": known_id(f"model/{aaguid}"),
        "environment": {"id": ENVIRONMENT},
        "createdAt": MADE,
        "updatedAt": MADE,
        "aaguid": aaguid,
        "mdsIdentifier": aaguid,
        "description": name,
        "custom": False,
        "statusReports": [{"status": status}],
        "metadataStatement": statement,
    }
