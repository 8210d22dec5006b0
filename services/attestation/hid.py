"""The HID Crescendo models, by AAGUID.

FIDO metadata has no field for the maker, so the list is our own: every model that metadata no 291
describes as HID's. A model that newer metadata adds is not in it until an operator approves it.
"""

from __future__ import annotations

from types import MappingProxyType
from uuid import UUID

HID_CRESCENDO = MappingProxyType(
    {
        UUID("2a55aee6-27cb-42c0-bc6e-04efe999e88a"): "HID Crescendo 4000",
        UUID("0b8b05a4-ebd4-4b0b-8f5f-33d7b6e606ab"): "HID Crescendo 4000",
        UUID("aa79f476-ea00-417e-9628-1e8365123922"): "HID Crescendo 4000 FIDO",
        UUID("8eec9bf9-486c-46da-9a67-1fbb4f66b9ed"): "HID Crescendo 4000 FIPS",
        UUID("aeb6569c-f8fb-4950-ac60-24ca2bbe2e52"): "HID Crescendo C2300",
        UUID("c80dbd9a-533f-4a17-b941-1a2f1c7cedff"): "HID Crescendo C3000",
        UUID("54d9fee8-e621-4291-8b18-7157b99c5bec"): "HID Crescendo Enabled",
        UUID("c4ddaf11-3032-4e77-b3b9-3a340369b9ad"): "HID Crescendo Fusion",
        UUID("692db549-7ae5-44d5-a1e5-dd20a493b723"): "HID Crescendo Key",
        UUID("2d3bec26-15ee-4f5d-88b2-53622490270b"): "HID Crescendo Key V2",
        UUID("7991798a-a7f3-487f-98c0-3faf7a458a04"): "HID Crescendo Key V3",
        UUID("87c13177-85d6-40ac-8c61-fe7ab3de9dfb"): "HID Crescendo Key V3",
        UUID("13ac47cf-1d78-4fd5-9060-aedaabacf826"): "HID Crescendo Key V3 - Enterprise Edition",
        UUID("19bca99b-7c09-44fe-a969-8cba45764542"): "HID Crescendo Key V3 FIPS",
    }
)
"""AAGUID to the name in FIDO metadata. Two names occur twice, for two versions of a model."""

HID_NAME = "HID "
"""How every description of a HID model begins."""
