"""On how many days a reader did something."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COUNT = """
UPDATE readers SET active_days = (
    SELECT COUNT(DISTINCT recorded_at / 86400000) FROM events WHERE events.reader_key = readers.reader_key
)
"""


def upgrade() -> None:
    """Add the column, counted from the events there are."""
    op.add_column("readers", sa.Column("active_days", sa.Integer, nullable=False, server_default="0"))
    op.execute(_COUNT)


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("readers", "active_days")
