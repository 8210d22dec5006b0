"""Typed, frozen settings: the only reader of the environment."""

from config.settings import ConfigurationError, Environment, Settings, load

__all__ = ["ConfigurationError", "Environment", "Settings", "load"]
