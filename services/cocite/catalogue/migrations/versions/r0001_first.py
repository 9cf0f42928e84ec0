"""Papers, identifiers, citations, library entries, ingest progress."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "papers",
        sa.Column("paper_key", _KEY, primary_key=True, autoincrement=False),
        sa.Column("paper_id", _NAME, nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("year", sa.SmallInteger),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("keywords", sa.Text, nullable=False),
    )
    op.create_table(
        "identifiers",
        sa.Column("identifier_key", _KEY, primary_key=True, autoincrement=False),
        sa.Column("identifier", _NAME, nullable=False, unique=True),
        sa.Column("paper_key", _KEY, sa.ForeignKey("papers.paper_key")),
    )
    op.create_index("ix_identifiers_paper_key", "identifiers", ["paper_key"])
    op.create_table(
        "citations",
        sa.Column("citing_key", _KEY, sa.ForeignKey("identifiers.identifier_key"), primary_key=True),
        sa.Column("cited_key", _KEY, sa.ForeignKey("identifiers.identifier_key"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_citations_cited_key", "citations", ["cited_key"])
    op.create_table(
        "library_entries",
        sa.Column("reader", _NAME, primary_key=True),
        sa.Column("identifier_key", _KEY, sa.ForeignKey("identifiers.identifier_key"), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_library_entries_identifier_key", "library_entries", ["identifier_key"])
    op.create_table(
        "ingest_progress",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("updated_at", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("ingest_progress", "library_entries", "citations", "identifiers", "papers"):
        op.drop_table(table)
