"""What somebody is told whose link does not open, by the code of the refusal."""

from __future__ import annotations

REFUSALS = {
    "link_unknown": (
        404,
        "This link does not exist. Check that you opened all of it, or ask for a new one.",
    ),
    "link_expired": (410, "This link has expired. Ask whoever sent it for a new one."),
    "link_revoked": (
        410,
        "This link was taken back. Use the newest link you were sent, or ask for a new one.",
    ),
    "link_finished": (
        410,
        "This link was used already: a security key was registered with it. "
        "If that was not you, tell your administrator at once.",
    ),
    "link_elsewhere": (
        410,
        "This link was already opened in another browser. Go on there, or ask for a new link.",
    ),
}

SIGN_UP_REFUSALS = {
    "link_expired": "That took too long. Ask for a new code on the sign-in page.",
    "link_revoked": "This sign-up was begun again with a newer code, or was taken back. "
    "Go on where you entered the newest one, or ask for another on the sign-in page.",
    "link_finished": "This sign-up is done already: a security key was registered. "
    "Sign in with it. If that was not you, tell your administrator at once.",
}
"""What the same codes say where there never was a link to open, but a code that was entered."""
