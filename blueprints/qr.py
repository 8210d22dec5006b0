"""A link as a QR code, for the camera of the phone or laptop that is to open it."""

from __future__ import annotations

import segno


def qr_code(address: str) -> str:
    """The address as an SVG image in a `data:` URL.

    Error correction M bears a smudged or photographed screen; the border of four modules is what
    ISO/IEC 18004 section 9.1 asks for. Black on white in both themes, or readers fail.
    """
    return segno.make(address, error="m", micro=False).svg_data_uri(
        scale=5, border=4, dark="#000", light="#fff"
    )
