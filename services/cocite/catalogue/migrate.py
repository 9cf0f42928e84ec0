"""Brings a catalogue to the newest schema."""

from pathlib import Path

import sqlalchemy as sa

from cocite.catalogue.schema import REVISION
from cocite.core.errors import InvalidArgument

MIGRATIONS = Path(__file__).parent / "migrations"


def is_current(connection: sa.Connection) -> bool:
    """Whether the catalogue has the newest schema. Raises InvalidArgument when a newer cocite made it."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return False
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found > REVISION:
        raise InvalidArgument(
            f"the catalogue has schema {found}, this version of cocite knows {REVISION}", hint="update cocite"
        )
    return bool(found == REVISION)


def upgrade(connection: sa.Connection) -> None:
    """Run the missing migrations inside the transaction of connection, which must be a writing one."""
    # Alembic takes a while to import; most openings need none of it.
    from alembic import command
    from alembic.config import Config

    if is_current(connection):  # another process was faster
        return
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
