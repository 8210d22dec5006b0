"""Attestation policies that groups have for themselves

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    # Not in a batch: SQLite would make the table anew, and others refer to it.
    op.add_column("groups", sa.Column("rank", sa.Integer(), nullable=True))
    with op.batch_alter_table("attestation_policies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_attestation_policies_group_id"), "groups", ["group_id"], ["id"]
        )
        batch_op.create_index(
            batch_op.f("ix_attestation_policies_group_id"), ["group_id"], unique=False
        )


def downgrade():
    # A policy of a group alone would be taken for the portal's own.
    op.execute("DELETE FROM attestation_policies WHERE group_id IS NOT NULL")
    with op.batch_alter_table("attestation_policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attestation_policies_group_id"))
        batch_op.drop_constraint(batch_op.f("fk_attestation_policies_group_id"), type_="foreignkey")
        batch_op.drop_column("group_id")
    op.drop_column("groups", "rank")
