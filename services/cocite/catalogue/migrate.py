"""Brings a catalogue to the newest schema."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from cocite.catalogue.schema import REVISION, REVISIONS
from cocite.core.errors import InvalidArgument

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_OURS = {"alembic_version", "papers", "identifiers", "citations"}  # in a catalogue of any version


def is_current(connection: sa.Connection) -> bool:
    """Whether the catalogue has the newest schema; False for an empty database too.

    Raises InvalidArgument when a newer cocite made it, or when the database is not a catalogue but holds something:
    what another program keeps there is left alone.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if not tables:
        return False
    if not tables >= _OURS:
        raise InvalidArgument(
            "the database holds tables but no catalogue",
            hint="give the catalogue a database of its own",
            field="catalogue_url",
        )
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found not in REVISIONS:
        raise InvalidArgument(
            f"the catalogue has schema {found}, this version of cocite knows {REVISION}",
            hint="update cocite",
            field="catalogue_url",
        )
    return bool(found == REVISION)


def upgrade(connection: sa.Connection) -> None:
    """Run the missing migrations inside the transaction of connection, which must be a writing one."""
    from alembic import command  # takes a while to import; most openings need none of it

    if is_current(connection):  # another process was faster
        return
    command.upgrade(config_of(connection), "head")


def config_of(connection: sa.Connection) -> "Config":
    """What Alembic's commands need to work on the catalogue, inside the transaction of connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
