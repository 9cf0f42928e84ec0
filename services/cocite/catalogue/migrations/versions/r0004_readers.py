"""The day a paper is new on; readers, their events, subscriptions, mails and experiments."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables; papers already there came before days were kept, and are new on none."""
    op.add_column("papers", sa.Column("listed_on", sa.Date))
    op.create_index("ix_papers_listed_on", "papers", ["listed_on"])
    _create_readers()
    _create_events()
    _create_mails()
    op.create_table(
        "experiments",
        _key("experiment_key"),
        sa.Column("name", _NAME, nullable=False, unique=True),
        sa.Column("ranking_a", sa.Text, nullable=False),
        sa.Column("ranking_b", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("stopped_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop the tables and the column."""
    for table in (
        "experiments",
        "mails",
        "subscription_requests",
        "subscriptions",
        "reader_papers",
        "events",
        "readers",
    ):
        op.drop_table(table)
    op.drop_index("ix_papers_listed_on", "papers")
    op.drop_column("papers", "listed_on")


def _create_readers() -> None:
    op.create_table(
        "readers",
        _key("reader_key"),
        sa.Column("is_session", sa.Boolean, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("feed_token_number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("event_count", _KEY, nullable=False, server_default="0"),
        sa.Column("first_event_at", sa.BigInteger),
        sa.Column("last_sequence", _KEY, nullable=False, server_default="0"),
        sa.Column("counted_day", sa.Integer, nullable=False, server_default="0"),
        sa.Column("events_on_day", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("is_session", "name", name="uq_readers_name"),
        sqlite_autoincrement=True,
    )


def _create_events() -> None:
    op.create_table(
        "events",
        _key("sequence"),
        sa.Column("reader_key", _KEY, _of_reader(), nullable=False),
        sa.Column("event_id", _NAME, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("undo", sa.Boolean, nullable=False),
        sa.Column("identifier_key", _KEY, sa.ForeignKey("identifiers.identifier_key"), nullable=False),
        sa.Column("attribution_token", sa.Text, nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("change", sa.SmallInteger, nullable=False),
        sa.UniqueConstraint("reader_key", "event_id", name="uq_events_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_reader", "events", ["reader_key", "sequence"])
    op.create_index("ix_events_recorded_at", "events", ["recorded_at"])
    op.create_table(
        "reader_papers",
        sa.Column("reader_key", _KEY, _of_reader(), primary_key=True, autoincrement=False),
        sa.Column("identifier_key", _KEY, sa.ForeignKey("identifiers.identifier_key"), primary_key=True),
        sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("sequence", _KEY, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_reader_papers_counted",
        "reader_papers",
        ["identifier_key", "kind", "reader_key", "active"],
        sqlite_where=sa.text("active AND kind IN (3, 4)"),
        postgresql_where=sa.text("active AND kind IN (3, 4)"),
    )


def _create_mails() -> None:
    op.create_table(
        "subscriptions",
        _key("subscription_key"),
        sa.Column("email", _NAME, nullable=False, unique=True),
        sa.Column("mailbox", _NAME, nullable=False),
        sa.Column("reader_key", _KEY, _of_reader()),
        sa.Column("period", sa.SmallInteger, nullable=False),
        sa.Column("fields", sa.Text, nullable=False, server_default="[]"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger),
        sqlite_autoincrement=True,
    )
    for column in ("mailbox", "reader_key", "changed_at"):
        op.create_index(f"ix_subscriptions_{column}", "subscriptions", [column])
    op.create_table(
        "subscription_requests",
        _key("request_key"),
        sa.Column("subscription_key", _KEY, _of_subscription(), nullable=False),
        sa.Column("reader_key", _KEY, _of_reader()),
        sa.Column("period", sa.SmallInteger, nullable=False),
        sa.Column("fields", sa.Text, nullable=False, server_default="[]"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    for column in ("subscription_key", "reader_key", "created_at"):
        op.create_index(f"ix_subscription_requests_{column}", "subscription_requests", [column])
    op.create_table(
        "mails",
        _key("mail_key"),
        sa.Column("subscription_key", _KEY, _of_subscription(), nullable=False),
        sa.Column("occasion", _NAME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_attempt_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("subscription_key", "occasion", name="uq_mails_occasion"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mails_state", "mails", ["state", "next_attempt_at"])


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, _KEY, primary_key=True, autoincrement=True)


def _of_reader() -> sa.ForeignKey:
    return sa.ForeignKey("readers.reader_key", ondelete="CASCADE")


def _of_subscription() -> sa.ForeignKey:
    return sa.ForeignKey("subscriptions.subscription_key", ondelete="CASCADE")
