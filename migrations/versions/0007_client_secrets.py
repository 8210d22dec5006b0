"""The secret of a directory's OAuth2 client

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("directories", sa.Column("sealed_client_secret", sa.LargeBinary(), nullable=True))
    op.add_column(
        "directories",
        sa.Column("client_secret_set_at", sa.DateTime(timezone=True), nullable=True),
    )


def downgrade():
    op.drop_column("directories", "client_secret_set_at")
    op.drop_column("directories", "sealed_client_secret")
