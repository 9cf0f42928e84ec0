"""Tables of the catalogue. Migrations build them; a test compares the two.

Every spelling under which a paper is known or cited is one row of identifiers. Citations and library entries name
identifiers, not papers: a reference to a paper not yet known resolves by itself when the paper arrives, and papers
that turn out to be one are merged by pointing identifiers elsewhere.
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

REVISIONS = ("0001", "0002", "0003", "0004", "0005")  # the migrations
REVISION = REVISIONS[-1]

metadata = sa.MetaData()
Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTED = "active AND kind IN (3, 4)"  # of reader_papers: saves and upvotes
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
    sa.Column("listed_on", sa.Date, index=True),  # the day it is new on; NULL for old ones that came later
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

# A reader as the site knows them, or the hash of a browser's session id. Keys are never given again, so that what
# lies in caches of a deleted reader is nobody else's.
readers = sa.Table(
    "readers",
    metadata,
    sa.Column("reader_key", Key, primary_key=True, autoincrement=True),
    sa.Column("is_session", sa.Boolean, nullable=False),
    sa.Column("name", Name, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),  # milliseconds since 1970, like all times below
    sa.Column("feed_token_number", sa.Integer, nullable=False, server_default="0"),
    sa.Column("event_count", Key, nullable=False, server_default="0"),  # this and the five below: see event_batch.py
    sa.Column("first_event_at", sa.BigInteger),
    sa.Column("last_sequence", Key, nullable=False, server_default="0"),
    sa.Column("counted_day", sa.Integer, nullable=False, server_default="0"),
    sa.Column("events_on_day", sa.Integer, nullable=False, server_default="0"),
    sa.Column("active_days", sa.Integer, nullable=False, server_default="0"),
    sa.UniqueConstraint("is_session", "name", name="uq_readers_name"),
    sqlite_autoincrement=True,
)

# The log of what readers did, in the order of its coming.
events = sa.Table(
    "events",
    metadata,
    sa.Column("sequence", Key, primary_key=True, autoincrement=True),
    sa.Column("reader_key", Key, sa.ForeignKey("readers.reader_key", ondelete="CASCADE"), nullable=False),
    sa.Column("event_id", Name, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),  # EventKind of the protos
    sa.Column("undo", sa.Boolean, nullable=False),
    sa.Column("identifier_key", Key, sa.ForeignKey("identifiers.identifier_key"), nullable=False),
    sa.Column("attribution_token", sa.Text, nullable=False),
    sa.Column("position", sa.SmallInteger, nullable=False),
    sa.Column("occurred_at", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("change", sa.SmallInteger, nullable=False),  # of reader_papers: 1 newly so, -1 not so any more, 0 none
    sa.UniqueConstraint("reader_key", "event_id", name="uq_events_event_id"),
    sa.Index("ix_events_reader", "reader_key", "sequence"),
    sqlite_autoincrement=True,
)

# What holds now between a reader and a paper, one row a kind of event. Made from events in the transaction that
# keeps them.
reader_papers = sa.Table(
    "reader_papers",
    metadata,
    sa.Column(
        "reader_key",
        Key,
        sa.ForeignKey("readers.reader_key", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column(
        "identifier_key",
        Key,
        sa.ForeignKey("identifiers.identifier_key"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("sequence", Key, nullable=False),  # of the last event
    sa.Column("last_at", sa.BigInteger, nullable=False),
    # Counts the readers of a paper. COUNTED is written out, as SQLite takes an index only for its very condition.
    sa.Index(
        "ix_reader_papers_counted",
        "identifier_key",
        "kind",
        "reader_key",
        "active",
        sqlite_where=sa.text(COUNTED),
        postgresql_where=sa.text(COUNTED),
    ),
    sqlite_with_rowid=False,
)

# What the owner of an address has confirmed. A reader's subscriptions go with the reader.
subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("subscription_key", Key, primary_key=True, autoincrement=True),
    sa.Column("email", Name, nullable=False, unique=True),  # in lower case
    sa.Column("mailbox", Name, nullable=False, index=True),  # the same without "+tag": where it arrives
    sa.Column("reader_key", Key, sa.ForeignKey("readers.reader_key", ondelete="CASCADE"), index=True),
    sa.Column("period", sa.SmallInteger, nullable=False),  # DigestPeriod of the protos
    sa.Column("fields", Strings, nullable=False, server_default="[]"),
    sa.Column("state", sa.Text, nullable=False),  # see catalogue/subscriptions.py
    sa.Column("changed_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("confirmed_at", sa.BigInteger),
    sqlite_autoincrement=True,
)

# What was asked for an address, by anybody; takes effect when the mail about it is answered.
subscription_requests = sa.Table(
    "subscription_requests",
    metadata,
    sa.Column("request_key", Key, primary_key=True, autoincrement=True),
    sa.Column(
        "subscription_key",
        Key,
        sa.ForeignKey("subscriptions.subscription_key", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("reader_key", Key, sa.ForeignKey("readers.reader_key", ondelete="CASCADE"), index=True),
    sa.Column("period", sa.SmallInteger, nullable=False),
    sa.Column("fields", Strings, nullable=False, server_default="[]"),
    sa.Column("created_at", sa.BigInteger, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# Every mail ever sent or about to be, one row for each occasion of a subscription: what makes it sent once.
mails = sa.Table(
    "mails",
    metadata,
    sa.Column("mail_key", Key, primary_key=True, autoincrement=True),
    sa.Column(
        "subscription_key",
        Key,
        sa.ForeignKey("subscriptions.subscription_key", ondelete="CASCADE"),
        nullable=False,
    ),
    sa.Column("occasion", Name, nullable=False),  # "confirm:" and a request_key, "daily:2026-11-23", "weekly:2026-W48"
    sa.Column("state", sa.Text, nullable=False),  # see catalogue/mails.py
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_attempt_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("subscription_key", "occasion", name="uq_mails_occasion"),
    sa.Index("ix_mails_state", "state", "next_attempt_at"),
    sqlite_autoincrement=True,
)

# Rankings that are shown interleaved; at most one has no stopped_at.
experiments = sa.Table(
    "experiments",
    metadata,
    sa.Column("experiment_key", Key, primary_key=True, autoincrement=True),
    sa.Column("name", Name, nullable=False, unique=True),
    sa.Column("ranking_a", sa.Text, nullable=False),
    sa.Column("ranking_b", sa.Text, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("stopped_at", sa.BigInteger),
    sqlite_autoincrement=True,
)

# One row a run of the importer that has not finished, and one a source that is followed.
ingest_progress = sa.Table(
    "ingest_progress",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
)
