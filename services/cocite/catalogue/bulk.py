"""Many values in one statement whose text does not depend on how many.

SQLite takes them as one JSON parameter, PostgreSQL as arrays: a list of parameters would be slow to bind, and every
length of it another statement for the driver to keep.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def one_of(connection: sa.Connection, column: sa.ColumnElement[Any], values: Sequence[str | int]) -> Any:
    """Condition that the column holds one of the values."""
    if connection.dialect.name == "postgresql":
        kind = sa.Text if isinstance(column.type, sa.String) else sa.BigInteger  # also where there are no values
        return column == sa.any_(sa.cast(list(values), postgresql.ARRAY(kind)))
    each = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(sa.select(each.c.value))


def rows_of(dialect: str, columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.Subquery:
    """The rows in the JSON text bound as "rows", an array of arrays, as a table with these columns.

    The statement around it can be made once and run with any number of rows.
    """
    rows = sa.bindparam("rows", type_=sa.Text())
    if dialect == "postgresql":
        each = sa.func.json_array_elements(sa.cast(rows, postgresql.JSON)).table_valued("value")
        fields = [each.c.value.op("->>")(sa.literal_column(str(place))) for place in range(len(columns))]
        named = [sa.cast(field, kind).label(name) for field, (name, kind) in zip(fields, columns.items(), strict=True)]
    else:
        each = sa.func.json_each(rows).table_valued("value")
        paths: list[sa.ColumnElement[str]] = [sa.literal_column(f"'$[{place}]'") for place in range(len(columns))]
        named = [
            sa.func.json_extract(each.c.value, path).label(name) for path, name in zip(paths, columns, strict=True)
        ]
    return sa.select(*named).select_from(each).subquery()


def insert_new(
    connection: sa.Connection, table: sa.Table, first: sa.Column[Any], second: sa.Column[Any], rows: Sequence[Any]
) -> Sequence[sa.Row[Any]]:
    """Insert pairs of values for two columns where they are not there yet; those that were not."""
    if not rows:
        return []
    if connection.dialect.name == "postgresql":
        kinds = [sa.Text if isinstance(value, str) else sa.BigInteger for value in rows[0]]
        arrays = [
            sa.cast(list(values), postgresql.ARRAY(k)) for values, k in zip(zip(*rows, strict=True), kinds, strict=True)
        ]
        pairs = sa.select(*(sa.func.unnest(array) for array in arrays))
        new = postgresql.insert(table).from_select([first.name, second.name], pairs)
        return connection.execute(new.on_conflict_do_nothing().returning(first, second)).all()
    each = sa.func.json_each(json.dumps(rows)).table_valued("value")
    parts = (sa.func.json_extract(each.c.value, path) for path in ("$[0]", "$[1]"))
    pairs = sa.select(*parts).where(each.c.value.is_not(None))  # SQLite's grammar wants a WHERE before ON CONFLICT
    added = sqlite.insert(table).from_select([first.name, second.name], pairs)
    return connection.execute(added.on_conflict_do_nothing().returning(first, second)).all()
