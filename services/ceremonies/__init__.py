"""Proving who someone is with a passkey: options, challenges, registration, sign-in."""

from services.ceremonies.authentication import (
    Authenticated,
    begin_authentication,
    finish_authentication,
)
from services.ceremonies.challenges import purge
from services.ceremonies.purpose import Begun, Purpose
from services.ceremonies.refusals import CODES, TROUBLE, CeremonyRefusal, DirectoryTrouble
from services.ceremonies.registration import begin_registration, cancel, finish_registration

__all__ = [
    "CODES",
    "TROUBLE",
    "Authenticated",
    "Begun",
    "CeremonyRefusal",
    "DirectoryTrouble",
    "Purpose",
    "begin_authentication",
    "begin_registration",
    "cancel",
    "finish_authentication",
    "finish_registration",
    "purge",
]
