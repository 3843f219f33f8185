"""Any valid table with any valid columns is kept as it is, whatever happens to its schema."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psycopg import Connection, sql
from stratum import add_column, check, define, drop_column, recorded

from hormesis.strategies import Column, ColumnType, Identifier, Table, rows_of, tables

pytestmark = [pytest.mark.chaos, pytest.mark.property]

TABLES = tables(max_columns=20, constraints=False)
QUOTED = Table(Identifier('a "quoted" name'), (Column(Identifier('"'), ColumnType("integer")),))


def columns_of(table: Table) -> list[tuple[str, str]]:
    return [(column.name.name, column.type.sql) for column in table.columns]


@example(table=QUOTED)  # once found, pinned for ever
@given(table=TABLES)
def test_any_table_is_recorded_as_it_is(sync_conn: Connection, table: Table) -> None:
    """Not "a table of three columns": reserved words, Unicode, 63 bytes, arrays, ranges, all."""
    with sync_conn.transaction(force_rollback=True):
        define(sync_conn, "main", table.name.name, columns_of(table))
        expected = [[column.name.name, column.type.formatted] for column in table.columns]
        assert recorded(sync_conn, table.name.name) == expected
        assert check(sync_conn) == []


@settings(max_examples=40)
@given(data=st.data())
def test_rows_survive_any_evolution_of_the_schema(
    sync_conn: Connection, data: st.DataObject
) -> None:
    """Columns come and go in any order; those that nobody touched keep what they held."""
    table = data.draw(tables(max_columns=4, constraints=False), label="table")
    rows = data.draw(rows_of(table, min_size=1), label="rows")
    newer = data.draw(tables(max_columns=8, constraints=False), label="columns to come")
    name, kept = table.name.name, [column.name for column in table.columns]
    select = sql.SQL("SELECT {}::text FROM {}").format(
        sql.SQL("::text, ").join(sql.Identifier(one.name) for one in kept), sql.Identifier(name)
    )
    with sync_conn.transaction(force_rollback=True):
        define(sync_conn, "main", name, columns_of(table))
        for row in rows:
            sync_conn.execute(*row.insert)
        before = sync_conn.execute(select).fetchall()
        there: list[str] = []
        for column in (one for one in newer.columns if one.name not in kept):
            add_column(sync_conn, "main", name, column.name.name, column.type.sql)
            there.append(column.name.name)
            if data.draw(st.booleans(), label="drop one again"):
                drop_column(sync_conn, "main", name, there.pop())
        names = [one for one, _ in recorded(sync_conn, name)]
        assert names == [*(one.name for one in kept), *there]
        assert sync_conn.execute(select).fetchall() == before
        assert check(sync_conn) == []
