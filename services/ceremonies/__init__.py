"""Proving who someone is with a passkey: options, challenges, registration, sign-in."""

from services.ceremonies.authentication import (
    Authenticated,
    begin_authentication,
    finish_authentication,
)
from services.ceremonies.challenges import purge
from services.ceremonies.purpose import Purpose
from services.ceremonies.refusals import CODES, CeremonyRefusal
from services.ceremonies.registration import Begun, begin_registration, finish_registration

__all__ = [
    "CODES",
    "Authenticated",
    "Begun",
    "CeremonyRefusal",
    "Purpose",
    "begin_authentication",
    "begin_registration",
    "finish_authentication",
    "finish_registration",
    "purge",
]
