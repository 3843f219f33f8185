"""Damage PostgreSQL tables by SQL, and put back exactly the rows that the damage touched.

Configuration: ``dsn``, ``action`` (``damage`` or ``restore``), ``tables``, ``timeout_s`` and, for
the damage, ``statements`` and ``count`` (a query for one number).

The damage is one transaction. Within it the tables are copied aside, the statements run, and every
row that differs then is kept in a schema of ours: its key, the row before and what it was after.
The schema bears our mark as its comment; it is committed with the damage or not at all. Restoring
is one transaction too: a row that is still as the damage left it gets its former content back, and
one that somebody has changed since is theirs and stays. Reports ``touched`` and ``counted``, or
``restored`` and ``left``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from dataclasses import dataclass
from typing import Any

from hormesis.host.holders.postgres_session import Session, SqlRefused, end_earlier, marked
from hormesis.host.process import MARK
from hormesis.host.programs.database_program import PATIENCE_S, Failed, run

NAME = "hormesis-snapshot"
_KEY = """
SELECT quote_ident(a.attname) FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = %(table)s::regclass AND i.indisprimary ORDER BY a.attnum
"""
_COLUMNS = """
SELECT quote_ident(attname) FROM pg_attribute
WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""
_COMMENT = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %(name)s"


@dataclass(frozen=True)
class Table:
    """One table, its key, and where what is known about it lies."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    kept: str
    """The table that keeps the touched rows: key columns, ``before``, ``after``."""

    @property
    def keys(self) -> str:
        """Its key columns, for a list in SQL."""
        return ", ".join(self.key)

    def joined(self, one: str, other: str) -> str:
        """Return the condition that two rows have the same key."""
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self.key)


def schema_of(mark: str) -> str:
    """Return the name of the schema for what bears *mark*; short enough and safe in SQL."""
    return f"hormesis_{hashlib.sha256(mark.encode()).hexdigest()[:16]}"


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Do what ``action`` says, in one transaction.

    Raises:
        Failed: it was not done, and nothing was changed.
    """
    mark = os.environ.get(MARK, "hormesis")
    try:
        if config["action"] == "restore":
            end_earlier(config["dsn"], marked(NAME))
        session = Session(
            config["dsn"], marked(NAME), autocommit=False, patience_s=PATIENCE_S
        )
        session.rows(f"SET LOCAL statement_timeout = {int(1000 * config['timeout_s'])}")
        if config["action"] == "damage":
            said = damage(session, config, mark)
        else:
            said = restore(session, config, mark)
        session.rows("COMMIT")
        return said
    except SqlRefused as error:
        raise Failed(str(error)) from error


def damage(session: Session, config: dict[str, Any], mark: str) -> dict[str, Any]:
    """Copy aside, damage, and keep what differs."""
    schema = schema_of(mark)
    session.rows(f"CREATE SCHEMA {schema}")
    quoted = session.rows("SELECT quote_literal(%(mark)s)", {"mark": mark})[0][0]
    session.rows(f"COMMENT ON SCHEMA {schema} IS {quoted}")
    tables = [_table(session, name, schema, n) for n, name in enumerate(config["tables"])]
    for number, table in enumerate(tables):
        # Writers wait for a moment: what they change meanwhile must not count as damage.
        session.rows(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
        session.rows(
            f"CREATE TEMP TABLE hormesis_before_{number} ON COMMIT DROP AS TABLE {table.name}"
        )
    for statement in config["statements"]:
        session.rows(statement)
    touched = sum(_keep(session, table, number) for number, table in enumerate(tables))
    counted = session.rows(config["count"])[0][0]
    return {"touched": touched, "counted": float(counted)}


def restore(session: Session, config: dict[str, Any], mark: str) -> dict[str, Any]:
    """Put the touched rows back, as far as they are as the damage left them."""
    schema = schema_of(mark)
    found = session.rows(_COMMENT, {"name": schema})
    if not found:
        return {"restored": 0, "left": 0}
    if found[0][0] != mark:
        raise Failed(f"the schema {schema} does not bear our mark")
    _without_triggers(session)
    restored = left = 0
    for number, name in enumerate(config["tables"]):
        table = _table(session, name, schema, number)
        session.rows(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
        done, all_ = _put_back(session, table)
        restored, left = restored + done, left + all_ - done
    session.rows(f"DROP SCHEMA {schema} CASCADE")
    return {"restored": restored, "left": left}


def _table(session: Session, name: str, schema: str, number: int) -> Table:
    table = session.table(name)
    key = tuple(row[0] for row in session.rows(_KEY, {"table": table}))
    if not key:
        raise Failed(f"the table {table} has no primary key, so its rows cannot be told apart")
    columns = tuple(row[0] for row in session.rows(_COLUMNS, {"table": table}))
    return Table(table, key, columns, f"{schema}.touched_{number}")


def _keep(session: Session, table: Table, number: int) -> int:
    """Keep what differs. Rows are compared as text: not every type knows equality."""
    keys = ", ".join(f"coalesce(b.{name}, a.{name}) AS {name}" for name in table.key)
    session.rows(
        f"CREATE TABLE {table.kept} AS SELECT {keys}, b::text AS before_text, a::text AS after_text"
        f" FROM hormesis_before_{number} b FULL JOIN {table.name} a ON {table.joined('b', 'a')}"
        " WHERE b::text IS DISTINCT FROM a::text"
    )
    session.rows(
        f"CREATE TABLE {table.kept}_rows AS SELECT b.* FROM hormesis_before_{number} b"
        f" JOIN {table.kept} k ON {table.joined('b', 'k')}"
    )
    return int(session.rows(f"SELECT count(*) FROM {table.kept}")[0][0])


def _put_back(session: Session, table: Table) -> tuple[int, int]:
    """Return how many rows were put back, and how many were touched."""
    now, kept, rows = table.name, table.kept, f"{table.kept}_rows"
    session.rows(
        f"DELETE FROM {kept}_rows r USING {kept} k LEFT JOIN {now} t ON {table.joined('t', 'k')}"
        f" WHERE {table.joined('r', 'k')} AND t::text IS DISTINCT FROM k.after_text"
    )
    gone = session.rows(
        f"DELETE FROM {now} t USING {kept} k WHERE {table.joined('t', 'k')}"
        " AND k.before_text IS NULL AND t::text = k.after_text RETURNING 1"
    )
    others = [name for name in table.columns if name not in table.key]
    changed: list[Any] = []
    if others:
        listed, values = ", ".join(others), ", ".join(f"r.{name}" for name in others)
        changed = session.rows(
            f"UPDATE {now} t SET ({listed}) = ROW({values}) FROM {rows} r"
            f" WHERE {table.joined('t', 'r')} RETURNING 1"
        )
    listed, values = ", ".join(table.columns), ", ".join(f"r.{name}" for name in table.columns)
    back = session.rows(
        f"INSERT INTO {now} ({listed}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {rows} r"
        f" WHERE NOT EXISTS (SELECT 1 FROM {now} t WHERE {table.joined('t', 'r')}) RETURNING 1"
    )
    touched = session.rows(f"SELECT count(*) FROM {kept}")[0][0]
    return len(gone) + len(changed) + len(back), int(touched)


def _without_triggers(session: Session) -> None:
    """Let rows go back as they were, without triggers; where that is not allowed, with them."""
    session.rows("SAVEPOINT triggers")
    with contextlib.suppress(SqlRefused):
        session.rows("SET LOCAL session_replication_role = replica")
        return
    session.rows("ROLLBACK TO SAVEPOINT triggers")


if __name__ == "__main__":
    sys.exit(run(work, "psycopg", "postgres"))
