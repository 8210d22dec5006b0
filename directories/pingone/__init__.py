"""PingOne: environments of Ping Identity's cloud (docs/pingone.md)."""

from directories.pingone.settings import AuthMethod, PingOneSettings, Region, secret_problem

__all__ = ["AuthMethod", "PingOneSettings", "Region", "secret_problem"]
