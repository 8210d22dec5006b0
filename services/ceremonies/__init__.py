"""Proving who someone is with a passkey: options, challenges, registration, sign-in."""
