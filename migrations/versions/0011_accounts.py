"""Deliveries of an account, beside those of passkeys: suspended people are disabled in directories

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WAITS = sa.text("state = 'waiting' AND passkey_id IS NULL")


def upgrade():
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.alter_column("passkey_id", existing_type=sa.Integer(), nullable=True)
    op.create_index(
        "uq_deliveries_waiting_account",
        "deliveries",
        ["directory_id", "person_id"],
        unique=True,
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )
    op.add_column("identities", sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    op.drop_column("identities", "disabled_at")
    op.drop_index("uq_deliveries_waiting_account", table_name="deliveries")
    op.execute("DELETE FROM deliveries WHERE passkey_id IS NULL")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.alter_column("passkey_id", existing_type=sa.Integer(), nullable=False)
