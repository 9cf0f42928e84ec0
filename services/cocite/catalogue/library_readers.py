"""Readers of whom there are both events and an ingested library."""

import sqlalchemy as sa

from cocite.catalogue.schema import library_entries, readers
from cocite.catalogue.store import Catalogue


def keys_of_library_readers(catalogue: Catalogue) -> dict[str, int]:
    """reader_key by name of each reader who has a library under the very name. Raises Unavailable.

    Sessions are none: their names are hashes that a library may bear by no more than chance.
    """
    has_library = sa.exists(sa.select(sa.literal(1)).where(library_entries.c.reader == readers.c.name))
    chosen = sa.select(readers.c.name, readers.c.reader_key).where(sa.not_(readers.c.is_session), has_library)
    with catalogue.reading() as connection:
        return {row.name: row.reader_key for row in connection.execute(chosen)}
