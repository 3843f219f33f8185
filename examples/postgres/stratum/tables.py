"""Tables whose every change is a commit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, LiteralString, cast

from psycopg import Connection, sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from stratum.canaries import planted
from stratum.commits import Commit, commit
from stratum.failures import Refused, TableExists, UnknownTable
from stratum.stamps import stamp_of

Shape = list[list[str]]
"""The columns of a table in order: the name of each, and its type as PostgreSQL tells it."""

_ACTUAL: LiteralString = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = %s AND c.relkind = 'r'
    AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""


@dataclass(frozen=True)
class Change:
    """What a commit did to a table, and how the table looked afterwards."""

    commit: str
    table_name: str
    statement: str
    shape: Shape


def define(
    conn: Connection[Any], branch: str, table: str, columns: Sequence[tuple[str, str]]
) -> Commit:
    """Create a table of *columns* (name and type, in PostgreSQL's words) and keep it from now on.

    Raises ``TableExists``, ``Refused``, and what the server says about a type.
    """
    if not table or "\0" in table or table.startswith("stratum_"):
        raise Refused(f"not a name for a kept table: {table!r}")
    listed = sql.SQL(", ").join(sql.SQL(" ").join((_name(n), _type(t))) for n, t in columns)
    statement = sql.SQL("CREATE TABLE {} ({})").format(_name(table), listed)
    return _change(conn, branch, table, statement, f"create {table}", new=True)


def add_column(conn: Connection[Any], branch: str, table: str, column: str, type_: str) -> Commit:
    """Add a column; raises ``UnknownTable``, and what the server says."""
    statement = sql.SQL("ALTER TABLE {} ADD COLUMN {} {}")
    return _alter(conn, branch, table, statement.format(_name(table), _name(column), _type(type_)))


def drop_column(conn: Connection[Any], branch: str, table: str, column: str) -> Commit:
    """Drop a column and what it held; raises ``UnknownTable``, and what the server says."""
    statement = sql.SQL("ALTER TABLE {} DROP COLUMN {}").format(_name(table), _name(column))
    return _alter(conn, branch, table, statement)


def touch(conn: Connection[Any], table: str) -> int:
    """Count that a table's rows changed, and return the new number; raises ``UnknownTable``."""
    if planted("version-read-modify-write"):
        query = "SELECT version FROM stratum_table WHERE name = %s"
        read = conn.execute(query, (table,)).fetchone()
        if read is None:
            raise UnknownTable(table)
        number = int(read[0]) + 1
        conn.execute("UPDATE stratum_table SET version = %s WHERE name = %s", (number, table))
        return number
    raised = conn.execute(
        "UPDATE stratum_table SET version = version + 1 WHERE name = %s RETURNING version", (table,)
    ).fetchone()
    if raised is None:
        raise UnknownTable(table)
    return int(raised[0])


def recorded(conn: Connection[Any], table: str, *, lock: bool = False) -> Shape:
    """Return the columns that a table has by the records; raises ``UnknownTable``."""
    query: LiteralString = "SELECT shape FROM stratum_table WHERE name = %s"
    found = conn.execute(query + (" FOR UPDATE" if lock else ""), (table,)).fetchone()
    if found is None:
        raise UnknownTable(table)
    return cast(Shape, found[0])


def actual(conn: Connection[Any], table: str) -> Shape:
    """Return the columns that a table really has; none, if there is no such table."""
    limit: LiteralString = "LIMIT 100" if planted("columns-cut") else ""
    return [[name, type_] for name, type_ in conn.execute(_ACTUAL + limit, (table,))]


def changes_of(conn: Connection[Any], table: str) -> list[Change]:
    """Return what was done to a table, oldest first."""
    with conn.cursor(row_factory=class_row(Change)) as cursor:
        query = "SELECT commit, table_name, statement, shape FROM stratum_change "
        return cursor.execute(query + "WHERE table_name = %s ORDER BY id", (table,)).fetchall()


def write_change(
    conn: Connection[Any], made: Commit, table: str, statement: str, shape: Shape
) -> None:
    """Record what a commit did, and the shape that the table has now."""
    conn.execute(
        "INSERT INTO stratum_change (commit, table_name, statement, shape) VALUES (%s, %s, %s, %s)",
        (made.stamp, table, statement, Jsonb(shape)),
    )
    conn.execute("UPDATE stratum_table SET shape = %s WHERE name = %s", (Jsonb(shape), table))


def _alter(conn: Connection[Any], branch: str, table: str, statement: sql.Composed) -> Commit:
    return _change(conn, branch, table, statement, statement.as_string(conn), new=False)


def _change(
    conn: Connection[Any], branch: str, table: str, statement: sql.Composed, message: str, new: bool
) -> Commit:
    with nullcontext() if planted("change-in-two-transactions") else conn.transaction():
        with conn.transaction():
            if new:
                _announce(conn, table)
            else:
                recorded(conn, table, lock=True)  # whoever changes the same table waits here
            made = commit(conn, branch, message)
        with conn.transaction():
            conn.execute(statement)
            write_change(conn, made, table, statement.as_string(conn), actual(conn, table))
        return made


def _announce(conn: Connection[Any], table: str) -> None:
    insert: LiteralString = (
        "INSERT INTO stratum_table (name, stamp, shape) VALUES (%s, %s, '[]') "
        "ON CONFLICT DO NOTHING"
    )
    if conn.execute(insert, (table, stamp_of("table", table))).rowcount == 0:
        raise TableExists(table)


def _name(text: str) -> sql.Composable:
    if planted("quotes-not-doubled"):
        return sql.SQL(f'"{text}"')
    return sql.Identifier(text)


def _type(text: str) -> sql.SQL:
    # A type is SQL, not a value: it comes from the application's source, never from its users.
    return sql.SQL(text)
