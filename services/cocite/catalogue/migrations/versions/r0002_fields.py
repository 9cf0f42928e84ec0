"""Fields of study of papers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of papers already there the fields are unknown until they are ingested again."""
    op.add_column("papers", sa.Column("fields", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("papers", "fields")
