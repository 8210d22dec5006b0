"""Challenges are told apart by a digest: those of directories are too long for an index

Revision: 0018
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INDEXABLE = 1024
"""Bytes. Longer ones are of ceremonies that last minutes, and are begun again."""

challenges = sa.table(
    "challenges",
    sa.column("id", sa.Integer),
    sa.column("challenge", sa.LargeBinary),
    sa.column("digest", sa.LargeBinary),
)


def upgrade():
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("digest", sa.LargeBinary(length=32), nullable=True))
    connection = op.get_bind()
    for row in connection.execute(sa.select(challenges.c.id, challenges.c.challenge)).all():
        connection.execute(
            sa.update(challenges)
            .where(challenges.c.id == row.id)
            .values(digest=hashlib.sha256(row.challenge).digest())
        )
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.alter_column("digest", existing_type=sa.LargeBinary(length=32), nullable=False)
        batch_op.drop_constraint(batch_op.f("uq_challenges_challenge"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_challenges_digest"), ["digest"])


def downgrade():
    op.execute(sa.delete(challenges).where(sa.func.length(challenges.c.challenge) > INDEXABLE))
    with op.batch_alter_table("challenges", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_challenges_digest"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_challenges_challenge"), ["challenge"])
        batch_op.drop_column("digest")
