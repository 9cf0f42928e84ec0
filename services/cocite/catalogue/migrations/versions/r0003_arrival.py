"""The order in which papers came or changed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the column; papers already there came in the order of their keys, as far as anybody can tell."""
    op.add_column("papers", sa.Column("arrival", _KEY, nullable=False, server_default="0"))
    op.execute("UPDATE papers SET arrival = paper_key")
    op.create_index("ix_papers_arrival", "papers", ["arrival"])


def downgrade() -> None:
    """Drop the column."""
    op.drop_index("ix_papers_arrival", "papers")
    op.drop_column("papers", "arrival")
