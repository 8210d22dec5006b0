"""Tables and their invariants. Importing this package registers every table."""

from models.audit import AuditEvent
from models.base import Base
from models.deliveries import Delivery, DeliveryState, Lock
from models.directories import (
    Directory,
    DirectoryPerson,
    DirectoryType,
    Identity,
    Placement,
    PlacementState,
    Serves,
)
from models.enrolment import AgentTicket, EnrolmentStep
from models.groups import DirectoryGroup, Group, GroupMember, GroupSource
from models.limits import LimitCounter
from models.mail import Mail, MailState, Outgoing, SignUpCode
from models.notices import AddressNotice, ExpiryNotice
from models.passkeys import Challenge, Evidence, Passkey
from models.people import EnrolmentLink, LinkPurpose, Person, Role, RoleGrant, Session
from models.policies import AttestationPolicy
from models.portal import PortalFact
from models.provisioning import (
    Driver,
    ProvisioningRequest,
    RequestDirectory,
    RequestPasskey,
    RequestPerson,
    RequestSource,
    RequestState,
    SourceKind,
)

__all__ = [
    "AddressNotice",
    "AgentTicket",
    "AttestationPolicy",
    "AuditEvent",
    "Base",
    "Challenge",
    "Delivery",
    "DeliveryState",
    "Directory",
    "DirectoryGroup",
    "DirectoryPerson",
    "DirectoryType",
    "Driver",
    "EnrolmentLink",
    "EnrolmentStep",
    "Evidence",
    "ExpiryNotice",
    "Group",
    "GroupMember",
    "GroupSource",
    "Identity",
    "LimitCounter",
    "LinkPurpose",
    "Lock",
    "Mail",
    "MailState",
    "Outgoing",
    "Passkey",
    "Person",
    "Placement",
    "PlacementState",
    "PortalFact",
    "ProvisioningRequest",
    "RequestDirectory",
    "RequestPasskey",
    "RequestPerson",
    "RequestSource",
    "RequestState",
    "Role",
    "RoleGrant",
    "Serves",
    "Session",
    "SignUpCode",
    "SourceKind",
]
