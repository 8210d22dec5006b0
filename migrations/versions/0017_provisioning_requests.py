"""Provisioning requests: who is in them, where from, and how far each person is

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
LINKED = ("enrolment_links", "mails")
SUBJECTS = ("challenges", "agent_tickets")


def moment(name, *, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def key(name, *, nullable=True):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def text(name, length, *, nullable=True):
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def reference(table, column, target):
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def unique(table, *columns):
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def primary(table):
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def upgrade():
    _requests()
    _people()
    for table in SUBJECTS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                "subject", existing_type=sa.String(length=64), type_=sa.String(length=100)
            )
    for table in LINKED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(key("request_person_id"))
            batch_op.create_foreign_key(
                batch_op.f(f"fk_{table}_request_person_id"),
                "request_people",
                ["request_person_id"],
                ["id"],
            )
            batch_op.create_index(
                batch_op.f(f"ix_{table}_request_person_id"), ["request_person_id"]
            )
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("reminder", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.alter_column("reminder", existing_type=sa.Boolean(), server_default=None)


def _requests():
    op.create_table(
        "provisioning_requests",
        text("name", 128, nullable=False),
        text("driver", 32, nullable=False),
        text("state", 32, nullable=False),
        sa.Column("policy", JSON, nullable=True),
        key("policy_by_id"),
        sa.Column("only_missing", sa.Boolean(), nullable=False),
        key("created_by_id", nullable=False),
        moment("created_at", nullable=False),
        moment("confirmed_at"),
        moment("ends_at"),
        moment("gathered_at"),
        moment("provisioned_at"),
        key("provisioned_by_id"),
        moment("remind_at"),
        key("reminded_by_id"),
        moment("started_at"),
        moment("finished_at"),
        moment("ended_at"),
        key("people_count", nullable=False),
        moment("due_at"),
        key("attempts", nullable=False),
        key("fence", nullable=False),
        moment("lease_until"),
        text("code", 64),
        text("reason", 1000),
        text("said", 1000),
        text("request_id", 255),
        key("id", nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        reference("provisioning_requests", "policy_by_id", "people"),
        reference("provisioning_requests", "created_by_id", "people"),
        reference("provisioning_requests", "provisioned_by_id", "people"),
        reference("provisioning_requests", "reminded_by_id", "people"),
        primary("provisioning_requests"),
        unique("provisioning_requests", "uuid"),
    )
    op.create_index("ix_provisioning_requests_due_at", "provisioning_requests", ["due_at"])
    op.create_table(
        "request_directories",
        key("request_id", nullable=False),
        key("directory_id", nullable=False),
        key("id", nullable=False),
        reference("request_directories", "request_id", "provisioning_requests"),
        reference("request_directories", "directory_id", "directories"),
        primary("request_directories"),
        unique("request_directories", "request_id", "directory_id"),
    )
    op.create_index(
        op.f("ix_request_directories_directory_id"), "request_directories", ["directory_id"]
    )
    op.create_table(
        "request_sources",
        key("request_id", nullable=False),
        text("kind", 32, nullable=False),
        text("name", 256, nullable=False),
        key("person_id"),
        key("group_id"),
        key("directory_id"),
        text("remote_id", 255),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        key("seen", nullable=False),
        moment("done_at"),
        key("id", nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        reference("request_sources", "request_id", "provisioning_requests"),
        reference("request_sources", "person_id", "people"),
        reference("request_sources", "group_id", "groups"),
        reference("request_sources", "directory_id", "directories"),
        primary("request_sources"),
        unique("request_sources", "uuid"),
    )
    op.create_index("ix_request_sources_request_id", "request_sources", ["request_id"])


def _people():
    op.create_table(
        "request_people",
        key("request_id", nullable=False),
        key("position", nullable=False),
        key("person_id"),
        key("directory_id"),
        text("remote_id", 255),
        text("name", 256, nullable=False),
        text("email", 254, nullable=False),
        text("state", 32, nullable=False),
        text("code", 64),
        text("reason", 1000),
        moment("added_at", nullable=False),
        moment("invited_at"),
        moment("reminded_at"),
        moment("started_at"),
        moment("finished_at"),
        moment("check_at"),
        key("claimed_by_id"),
        moment("claim_until"),
        key("fence", nullable=False),
        key("id", nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        reference("request_people", "request_id", "provisioning_requests"),
        reference("request_people", "person_id", "people"),
        reference("request_people", "directory_id", "directories"),
        reference("request_people", "claimed_by_id", "people"),
        primary("request_people"),
        unique("request_people", "request_id", "position"),
        unique("request_people", "request_id", "person_id"),
        unique("request_people", "request_id", "directory_id", "remote_id"),
        unique("request_people", "uuid"),
    )
    op.create_index("ix_request_people_request_id_state", "request_people", ["request_id", "state"])
    op.create_index(op.f("ix_request_people_person_id"), "request_people", ["person_id"])
    op.create_index(op.f("ix_request_people_check_at"), "request_people", ["check_at"])
    op.create_table(
        "request_passkeys",
        key("request_person_id", nullable=False),
        key("passkey_id", nullable=False),
        moment("registered_at", nullable=False),
        key("id", nullable=False),
        reference("request_passkeys", "request_person_id", "request_people"),
        reference("request_passkeys", "passkey_id", "passkeys"),
        primary("request_passkeys"),
        unique("request_passkeys", "request_person_id", "passkey_id"),
    )
    op.create_index(op.f("ix_request_passkeys_passkey_id"), "request_passkeys", ["passkey_id"])


def downgrade():
    for table in LINKED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_index(batch_op.f(f"ix_{table}_request_person_id"))
            batch_op.drop_constraint(
                batch_op.f(f"fk_{table}_request_person_id"), type_="foreignkey"
            )
            batch_op.drop_column("request_person_id")
    op.drop_column("mails", "reminder")
    for table in SUBJECTS:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column(
                "subject", existing_type=sa.String(length=100), type_=sa.String(length=64)
            )
    for table in (
        "request_passkeys",
        "request_people",
        "request_sources",
        "request_directories",
        "provisioning_requests",
    ):
        op.drop_table(table)
