"""What a fresh organisation holds. Ids are the same in every emulator, only secrets are not."""

from __future__ import annotations

import uuid

from emulators.pingone import roles, tokens
from emulators.pingone.emulator import Document, PingOne
from emulators.pingone.known import (
    ADMINISTRATORS,
    ENVIRONMENT,
    INTRANET,
    INTRANET_ID,
    MADE,
    NAMES,
    ORGANIZATION,
    PORTAL_MFA_ID,
    WORKER,
    WORKER_ID,
    known_id,
)
from emulators.pingone.seed_people import add_devices, add_people
from emulators.pingone.seed_policies import add_policies


def seed(ping: PingOne) -> None:
    """Fill an empty store; one that was filled is left as it is."""
    with ping.store.transaction():
        if ping.store.get("environment", ENVIRONMENT) is not None:
            return
        _environment(ping, ENVIRONMENT, "Example")
        _environment(ping, ADMINISTRATORS, "Administrators")
        add_policies(ping)
        _applications(ping)
        _sign_on(ping)
        add_people(ping)
        add_devices(ping)


def assign(ping: PingOne, application_id: str, role: str, scope: str, scope_id: str) -> None:
    """Give an application a role (pingone.md 6b)."""
    number = uuid.uuid5(NAMES, f"{application_id}/{role}/{scope}/{scope_id}")
    ping.put(
        "roleAssignment",
        {
            "id": str(number),
            "owner": application_id,
            "role": {"id": roles.role_id(role)},
            "scope": {"id": scope_id, "type": scope},
            "readOnly": False,
            "environment": {"id": ENVIRONMENT},
        },
    )


def add_worker(
    ping: PingOne, application_id: str, name: str, *, environment: str, method: str
) -> None:
    """A worker application (pingone.md 5), without roles and with a secret."""
    ping.put(
        "application",
        _application(application_id, name, environment, method)
        | {"type": "WORKER", "grantTypes": ["CLIENT_CREDENTIALS"]},
    )
    tokens.rotate(ping, application_id)


def _environment(ping: PingOne, environment_id: str, name: str) -> None:
    ping.put(
        "environment",
        {
            "id": environment_id,
            "name": name,
            "type": "SANDBOX",
            "region": "NA",
            "status": "ACTIVE",
            "license": {"id": known_id("license")},
            "organization": {"id": ORGANIZATION},
            "createdAt": MADE,
            "updatedAt": MADE,
        },
    )
    ping.store.put(
        "capabilities",
        environment_id,
        {"canUseMfaFido2Devices": True, "canUseUsers": True, "canUseMfaPush": True},
    )


def _applications(ping: PingOne) -> None:
    """HID's prescription for the worker: Client Secret Post and its two roles (pingone.md 6b)."""
    add_worker(ping, WORKER_ID, WORKER, environment=ENVIRONMENT, method="CLIENT_SECRET_POST")
    for role in (roles.ENVIRONMENT_ADMIN, roles.IDENTITY_DATA_ADMIN):
        assign(ping, WORKER_ID, role, "ENVIRONMENT", ENVIRONMENT)
    ping.put(
        "application",
        _application(INTRANET_ID, INTRANET, ENVIRONMENT, "CLIENT_SECRET_BASIC")
        | {"type": "WEB_APP", "grantTypes": ["AUTHORIZATION_CODE"]},
    )


def _application(application_id: str, name: str, environment: str, method: str) -> Document:
    return {
        "id": application_id,
        "environment": {"id": environment},
        "name": name,
        "enabled": True,
        "protocol": "OPENID_CONNECT",
        "clientId": application_id,
        "tokenEndpointAuthMethod": method,
        "createdAt": MADE,
        "updatedAt": MADE,
    }


def _sign_on(ping: PingOne) -> None:
    """One policy with the portal's MFA policy as its second step, assigned to the intranet."""
    for key, name, default in (("single", "Single_Factor", True), ("keys", "Keys", False)):
        ping.put(
            "signOnPolicy",
            {
                "id": known_id(f"sign-on/{key}"),
                "environment": {"id": ENVIRONMENT},
                "name": name,
                "description": "",
                "default": default,
                "createdAt": MADE,
                "updatedAt": MADE,
            },
        )
        _action(ping, key, 1, {"type": "LOGIN"})
    _action(
        ping,
        "keys",
        2,
        {
            "type": "MULTI_FACTOR_AUTHENTICATION",
            "deviceAuthenticationPolicy": {"id": PORTAL_MFA_ID},
            "noDevicesMode": "BLOCK",
        },
    )
    ping.put(
        "signOnPolicyAssignment",
        {
            "id": known_id("sign-on-assignment"),
            "environment": {"id": ENVIRONMENT},
            "application": {"id": INTRANET_ID},
            "signOnPolicy": {"id": known_id("sign-on/keys")},
            "priority": 1,
        },
    )


def _action(ping: PingOne, policy: str, priority: int, fields: Document) -> None:
    ping.put(
        "action",
        {
            "id": known_id(f"action/{policy}/{priority}"),
            "environment": {"id": ENVIRONMENT},
            "signOnPolicy": {"id": known_id(f"sign-on/{policy}")},
            "priority": priority,
            **fields,
        },
    )
