"""Migrations: each runs once, whole or not at all, and the journal tells the truth about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import Connection, Error
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row

from stratum.canaries import planted
from stratum.failures import MigrationChanged, MigrationFailed
from stratum.stamps import stamp_of
from stratum.versions import Version

# One key for each schema: two applications in one database do not wait for each other.
LOCK_KEY: LiteralString = "hashtext('stratum.migrations'), hashtext(current_schema())"


@dataclass(frozen=True)
class Migration:
    """Statements that bring a schema to a version."""

    version: Version
    name: str
    statements: tuple[str, ...]

    @property
    def sum(self) -> str:
        """Return the stamp of the statements."""
        return stamp_of("migration", *self.statements)


@dataclass(frozen=True)
class Entry:
    """What the journal says of a migration: its state, and how often it was begun."""

    version: str
    name: str
    sum: str
    state: str
    error: str | None
    runs: int


def migrate(conn: Connection[Any], migrations: Iterable[Migration]) -> list[Version]:
    """Run what has not been done yet, in order of the versions; return the versions run.

    Any number of processes may call this at the same time: one runs, the others wait, then find
    nothing to do. Raises ``MigrationFailed`` at the first that fails, ``MigrationChanged`` before
    anything is run, and ``ValueError`` inside a transaction.
    """
    if conn.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("migrate needs a connection that is in no transaction")
    ordered = sorted(migrations, key=lambda one: one.version)
    known = _known(conn) if planted("migration-run-twice") else {}
    with _alone(conn):
        # Only now: what was read before the lock was had may have changed while it was waited for.
        if not planted("migration-run-twice"):
            known = _known(conn)
        for one in ordered:
            entry = known.get(str(one.version))
            if entry is not None and entry.state == "done" and entry.sum != one.sum:
                raise MigrationChanged(f"{one.version} {one.name} is not what was run")
        missing = [m for m in ordered if not _is_done(known.get(str(m.version)))]
        for one in missing:
            _run(conn, one)
        return [one.version for one in missing]


def journal(conn: Connection[Any]) -> list[Entry]:
    """Return the journal in order of the versions."""
    with conn.cursor(row_factory=class_row(Entry)) as cursor:
        cursor.execute("SELECT version, name, sum, state, error, runs FROM stratum_migration")
        return sorted(cursor.fetchall(), key=lambda entry: Version.parse(entry.version))


def write_state(conn: Connection[Any], version: str, state: str, error: str | None = None) -> None:
    """Set what the journal says of a migration."""
    conn.execute(
        "UPDATE stratum_migration SET state = %s, error = %s WHERE version = %s",
        (state, error, version),
    )


def _run(conn: Connection[Any], one: Migration) -> None:
    # The entry has a transaction of its own: after a crash it tells what was under way.
    with conn.transaction():
        conn.execute(
            "INSERT INTO stratum_migration (version, name, sum, state) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (version) DO UPDATE SET name = excluded.name, sum = excluded.sum, "
            "state = excluded.state, error = NULL, runs = stratum_migration.runs + 1",
            (str(one.version), one.name, one.sum, "running"),
        )
    try:
        with nullcontext() if planted("migration-half-done") else conn.transaction():
            for statement in one.statements:
                with conn.transaction():
                    conn.execute(statement)
            with conn.transaction():
                write_state(conn, str(one.version), "done")
    except Error as error:
        if not conn.broken:
            state = "done" if planted("journal-says-done") else "failed"
            with conn.transaction():
                write_state(conn, str(one.version), state, str(error))
        raise MigrationFailed(f"{one.version} {one.name}: {error}") from error


def _known(conn: Connection[Any]) -> dict[str, Entry]:
    with conn.transaction():
        return {entry.version: entry for entry in journal(conn)}


def _is_done(entry: Entry | None) -> bool:
    return entry is not None and entry.state == "done"


@contextmanager
def _alone(conn: Connection[Any]) -> Iterator[None]:
    # A lock of the session, for it must outlast the transactions of the journal; the server lets go
    # of it when the connection ends, whatever ended it.
    with conn.transaction():
        conn.execute("SELECT pg_advisory_lock(" + LOCK_KEY + ")")
    try:
        yield
    finally:
        if not conn.broken:
            with conn.transaction():
                conn.execute("SELECT pg_advisory_unlock(" + LOCK_KEY + ")")
