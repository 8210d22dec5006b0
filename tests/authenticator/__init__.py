"""A security key in software, with a manufacturer: it imports nothing of the application."""

from tests.authenticator.key import BrowserError, SoftwareKey
from tests.authenticator.manufacturer import Manufacturer

__all__ = ["BrowserError", "Manufacturer", "SoftwareKey"]
