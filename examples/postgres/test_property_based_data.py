"""Any valid table with any valid columns is kept as it is, whatever happens to its schema."""

from __future__ import annotations

import pytest
from hormesis.strategies import identifiers
from hypothesis import example, given, settings
from hypothesis import strategies as st
from psycopg import Connection, sql
from stratum import add_column, check, define, drop_column, recorded

pytestmark = [pytest.mark.chaos, pytest.mark.property]

# PostgreSQL's own words for the types: then what was asked for and what is there compare as text.
TYPES = st.sampled_from(
    ["integer", "text", "boolean", "numeric(10,2)", "character varying(40)", "jsonb", "uuid",
     "timestamp with time zone", "integer[]", "double precision"]
)  # fmt: skip
NAMES = identifiers().filter(lambda name: not name.startswith("stratum_"))
COLUMNS = st.lists(
    st.tuples(identifiers(), TYPES), min_size=1, max_size=30, unique_by=lambda one: one[0]
)


@example(table='a "quoted" name', columns=[('"', "integer")])
@given(table=NAMES, columns=COLUMNS)
def test_any_table_is_recorded_as_it_is(
    sync_conn: Connection, table: str, columns: list[tuple[str, str]]
) -> None:
    with sync_conn.transaction(force_rollback=True):
        define(sync_conn, "main", table, columns)
        assert recorded(sync_conn, table) == [list(one) for one in columns]
        assert check(sync_conn) == []


@settings(max_examples=30)
@given(
    columns=COLUMNS,
    values=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=5),
    data=st.data(),
)
def test_rows_survive_any_evolution_of_the_schema(
    sync_conn: Connection, columns: list[tuple[str, str]], values: list[int], data: st.DataObject
) -> None:
    """Columns come and go in any order; the column that nobody touched keeps what it held."""
    kept = "the untouched column"
    with sync_conn.transaction(force_rollback=True):
        define(sync_conn, "main", "evolving", [(kept, "integer")])
        insert = sql.SQL("INSERT INTO evolving ({}) VALUES (%s)").format(sql.Identifier(kept))
        for value in values:
            sync_conn.execute(insert, (value,))
        there: list[str] = []
        for name, type_ in (one for one in columns if one[0] != kept):
            add_column(sync_conn, "main", "evolving", name, type_)
            there.append(name)
            if data.draw(st.booleans(), label=f"drop one after {name!r}"):
                gone = there.pop(data.draw(st.integers(0, len(there) - 1)))
                drop_column(sync_conn, "main", "evolving", gone)
        assert [name for name, _ in recorded(sync_conn, "evolving")] == [kept, *there]
        select = sql.SQL("SELECT {} FROM evolving").format(sql.Identifier(kept))
        assert [value for (value,) in sync_conn.execute(select)] == values
        assert check(sync_conn) == []
