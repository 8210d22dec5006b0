"""PingOne: environments of Ping Identity's cloud (docs/pingone.md)."""

from directories.pingone.connector import PingOneConnector
from directories.pingone.policies import FidoPolicy, MfaPolicy
from directories.pingone.relying_party import consequence, enrols_here
from directories.pingone.settings import AuthMethod, PingOneSettings, Region, secret_problem

__all__ = [
    "AuthMethod",
    "FidoPolicy",
    "MfaPolicy",
    "PingOneConnector",
    "PingOneSettings",
    "Region",
    "consequence",
    "enrols_here",
    "secret_problem",
]
