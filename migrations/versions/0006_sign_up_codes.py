"""Codes that are mailed to people who sign up

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "sign_up_codes",
        sa.Column("session_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("network_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("mailbox_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("link_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["enrolment_links.id"], name=op.f("fk_sign_up_codes_link_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up_codes")),
    )
    with op.batch_alter_table("sign_up_codes", schema=None) as batch_op:
        batch_op.create_index("ix_sign_up_codes_due", ["state", "due_at"], unique=False)
        batch_op.create_index(
            "ix_sign_up_codes_mailbox_hash", ["mailbox_hash", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_sign_up_codes_session_hash"), ["session_hash"], unique=False
        )


def downgrade():
    op.drop_table("sign_up_codes")
