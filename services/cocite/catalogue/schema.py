"""Tables of the catalogue. Migrations build them; a test compares the two.

Every spelling under which a paper is known or cited is one row of identifiers. Citations and library entries name
identifiers, not papers: a reference to a paper not yet known resolves by itself when the paper arrives, and papers
that turn out to be one are merged by pointing identifiers elsewhere.
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

REVISIONS = ("0001", "0002", "0003")  # the migrations
REVISION = REVISIONS[-1]

metadata = sa.MetaData()
Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # one order on both databases


class Strings(sa.types.TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, stored as a JSON array in text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: sa.Dialect) -> str:
        """Python to SQL."""
        return json.dumps(list(value or ()), ensure_ascii=False)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[str, ...]:
        """SQL to Python."""
        return tuple(json.loads(value)) if value else ()


# paper_key is the key of the identifier that the paper was first stored under: identifiers are never deleted, so a
# paper's key is never given to another paper.
papers = sa.Table(
    "papers",
    metadata,
    sa.Column("paper_key", Key, primary_key=True, autoincrement=False),
    sa.Column("paper_id", Name, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("abstract", sa.Text, nullable=False),
    sa.Column("authors", Strings, nullable=False),
    sa.Column("year", sa.SmallInteger),
    sa.Column("venue", sa.Text, nullable=False),
    sa.Column("keywords", Strings, nullable=False),
    sa.Column("fields", Strings, nullable=False, server_default="[]"),
    sa.Column("arrival", Key, nullable=False, server_default="0", index=True),  # see arrivals.py
)

identifiers = sa.Table(
    "identifiers",
    metadata,
    sa.Column("identifier_key", Key, primary_key=True, autoincrement=False),
    sa.Column("identifier", Name, nullable=False, unique=True),
    sa.Column("paper_key", Key, sa.ForeignKey("papers.paper_key"), index=True),
)

citations = sa.Table(
    "citations",
    metadata,
    sa.Column("citing_key", Key, sa.ForeignKey("identifiers.identifier_key"), primary_key=True, autoincrement=False),
    sa.Column(
        "cited_key",
        Key,
        sa.ForeignKey("identifiers.identifier_key"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    sqlite_with_rowid=False,
)

library_entries = sa.Table(
    "library_entries",
    metadata,
    sa.Column("reader", Name, primary_key=True),
    sa.Column(
        "identifier_key",
        Key,
        sa.ForeignKey("identifiers.identifier_key"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    sqlite_with_rowid=False,
)

# One row a run of the importer that has not finished.
ingest_progress = sa.Table(
    "ingest_progress",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
)
