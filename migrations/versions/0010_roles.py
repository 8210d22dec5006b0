"""Roles that are made here, and people who are suspended or have left

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

LIVE = sa.text("ended_at IS NULL")


def upgrade():
    op.create_table(
        "roles",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("description", sa.String(length=256), nullable=False),
        sa.Column(
            "privileges",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("uuid", name=op.f("uq_roles_uuid")),
    )
    op.create_index(
        "uq_roles_name",
        "roles",
        ["name"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_role_grants_role_id"), "roles", ["role_id"], ["id"]
        )
        batch_op.create_index(batch_op.f("ix_role_grants_role_id"), ["role_id"], unique=False)
    # Not in a batch: SQLite would make the table anew, and others refer to it.
    op.add_column("people", sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("people", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    op.drop_column("people", "ended_at")
    op.drop_column("people", "suspended_at")
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_grants_role_id"))
        batch_op.drop_constraint(batch_op.f("fk_role_grants_role_id"), type_="foreignkey")
        batch_op.drop_column("role_id")
    op.drop_table("roles")
