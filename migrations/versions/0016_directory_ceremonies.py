"""Ceremonies that directories begin, the steps of an enrolment, and tickets for desk agents

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def moment(name, *, nullable=True):
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def reference(table, column, target):
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade():
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("directory_id", sa.Integer(), nullable=True))
        batch_op.add_column(moment("discard_at"))
        batch_op.add_column(
            sa.Column("discard_attempts", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_challenges_directory_id"), "directories", ["directory_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_challenges_discard_at"), ["discard_at"])
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.alter_column("discard_attempts", existing_type=sa.Integer(), server_default=None)
    op.add_column("placements", sa.Column("begun", JSON, nullable=True))
    op.add_column("placements", moment("not_after"))
    op.create_table(
        "enrolment_steps",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("directory_id", sa.Integer(), nullable=True),
        sa.Column("passkey_id", sa.Integer(), nullable=True),
        moment("finished_at"),
        moment("skipped_at"),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        reference("enrolment_steps", "link_id", "enrolment_links"),
        reference("enrolment_steps", "directory_id", "directories"),
        reference("enrolment_steps", "passkey_id", "passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_steps")),
        sa.UniqueConstraint(
            "link_id", "position", name=op.f("uq_enrolment_steps_link_id_position")
        ),
        sa.UniqueConstraint(
            "link_id", "directory_id", name=op.f("uq_enrolment_steps_link_id_directory_id")
        ),
        sa.UniqueConstraint("uuid", name=op.f("uq_enrolment_steps_uuid")),
    )
    op.create_table(
        "agent_tickets",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("directory_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("session_id", sa.Integer(), nullable=True),
        moment("created_at", nullable=False),
        moment("expires_at", nullable=False),
        moment("exchanged_at"),
        sa.Column("agent_hash", sa.LargeBinary(length=32), nullable=True),
        moment("finished_at"),
        sa.Column("passkey_id", sa.Integer(), nullable=True),
        sa.Column("outcome", JSON, nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        reference("agent_tickets", "person_id", "people"),
        reference("agent_tickets", "directory_id", "directories"),
        reference("agent_tickets", "link_id", "enrolment_links"),
        reference("agent_tickets", "session_id", "sessions"),
        reference("agent_tickets", "passkey_id", "passkeys"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_tickets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_agent_tickets_token_hash")),
        sa.UniqueConstraint("agent_hash", name=op.f("uq_agent_tickets_agent_hash")),
        sa.UniqueConstraint("uuid", name=op.f("uq_agent_tickets_uuid")),
    )
    op.create_index(op.f("ix_agent_tickets_person_id"), "agent_tickets", ["person_id"])


def downgrade():
    op.drop_table("agent_tickets")
    op.drop_table("enrolment_steps")
    op.drop_column("placements", "not_after")
    op.drop_column("placements", "begun")
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_challenges_discard_at"))
        batch_op.drop_constraint(batch_op.f("fk_challenges_directory_id"), type_="foreignkey")
        batch_op.drop_column("discard_attempts")
        batch_op.drop_column("discard_at")
        batch_op.drop_column("directory_id")
