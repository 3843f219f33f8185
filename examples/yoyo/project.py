"""A project whose migrations yoyo applies, and what its database says about them afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import psycopg
from yoyo import get_backend, read_migrations

from hormesis.testing import wait_until

APPLICATION = "yoyo"
"""What the sessions of yoyo call themselves."""
_SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    f" AND application_name = '{APPLICATION}'"
)
LOCK_S = 1.0
"""How long yoyo waits for its lock here; its own default is 10 s."""

ORDERS = ("CREATE TABLE orders (id integer)", "DROP TABLE orders")
ITEMS = ("CREATE TABLE items (id integer)", "DROP TABLE items")

SLOW_COMMIT = (
    ("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
     " 'BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END'", "DROP FUNCTION slow"),
    ("CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED"
     " FOR EACH ROW EXECUTE FUNCTION slow()", ""),
    ("INSERT INTO orders VALUES (1)", ""),
)  # fmt: skip
"""Steps after which ``COMMIT`` takes a while, as with many deferred constraints."""

PAUSE = """
import sys

from yoyo import step


def pause(connection):
    sys.stdout.write("in the middle\\n")
    sys.stdout.flush()
    sys.stdin.readline()

"""
"""The head of a migration that waits in the middle until it is told to go on."""


@dataclass(frozen=True)
class State:
    """What a database holds: the project's tables, yoyo's marks, and whether its lock is held."""

    tables: set[str]
    marked: set[str]
    locked: bool


class Project:
    """A folder of migrations and a database to apply them to."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder = folder
        self.dsn = dsn
        folder.mkdir(exist_ok=True)

    @property
    def uri(self) -> str:
        """The database as yoyo takes it, with psycopg 3 as the driver."""
        parts = urlsplit(self.dsn)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        query["application_name"] = APPLICATION
        return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, urlencode(query), ""))

    def write(self, name: str, *steps: tuple[str, str], paused: bool = False) -> str:
        """Write a migration of *steps* (do, undo); *paused*: it waits after the last one."""
        lines = [f"step({do!r}, {undo!r})" for do, undo in steps]
        if paused:
            # A rollback undoes the last step first, so that it too waits with work left to do.
            lines.insert(0 if not lines else 1, "step(pause, pause)")
        text = (PAUSE if paused else "from yoyo import step\n\n") + "\n".join(lines) + "\n"
        (self.folder / f"{name}.py").write_text(text)
        return name

    def write_sql(self, name: str, text: str) -> str:
        """Write a migration as an SQL file."""
        (self.folder / f"{name}.sql").write_text(text)
        return name

    def backend(self) -> Any:
        """Return a connected yoyo."""
        return get_backend(self.uri)

    def apply(self, lock_s: float = LOCK_S) -> None:
        """Apply everything that is not applied yet, as yoyo's documentation shows it."""
        with self.backend() as connected:
            self.apply_by(connected, lock_s)

    def apply_by(self, backend: Any, lock_s: float = LOCK_S) -> None:
        """Do the same with a connected yoyo."""
        migrations = read_migrations(str(self.folder))
        with backend.lock(lock_s):
            backend.apply_migrations(backend.to_apply(migrations))

    def roll_back(self) -> None:
        """Roll back everything that is applied."""
        with self.backend() as connected:
            migrations = read_migrations(str(self.folder))
            with connected.lock(LOCK_S):
                connected.rollback_migrations(connected.to_rollback(migrations))

    def break_lock(self) -> None:
        """Do what ``yoyo break-lock`` does."""
        with self.backend() as connected:
            connected.break_lock()

    @contextmanager
    def command(self, word: str = "apply") -> Iterator[subprocess.Popen[str]]:
        """Run ``yoyo apply`` or another of its commands as a process of its own."""
        line = [sys.executable, "-m", "yoyo", word, "--batch", "--no-config-file",
                "--database", self.uri, str(self.folder)]  # fmt: skip
        pipe = subprocess.PIPE
        with subprocess.Popen(
            line, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def state(self) -> State:
        """Return what is in the database now."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            tables = _column(conn, "SELECT tablename FROM pg_tables"
                             " WHERE schemaname = current_schema()")  # fmt: skip
            marked = locked = set()
            if "_yoyo_migration" in tables:
                marked = _column(conn, "SELECT migration_id FROM _yoyo_migration")
            if "yoyo_lock" in tables:
                locked = _column(conn, "SELECT pid FROM yoyo_lock")
        return State({one for one in tables if "yoyo" not in one}, marked, bool(locked))

    def rows(self, table: str) -> int:
        """Return how many rows a table has."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            (number,) = _column(conn, f"SELECT count(*) FROM {table}")
        return int(number)

    def session(self, state: str) -> int:
        """Return the process id of yoyo's session that is ``idle`` or ``idle in transaction``."""
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            (pid,) = _column(
                conn,
                f"{_SESSIONS} AND state = '{state}'",
            )
        return int(pid)

    def until_waiting(self, what: str = "Lock") -> None:
        """Return once a session of yoyo waits for a ``Lock``, or for a ``Timeout`` to be over."""
        self._until(f"EXISTS ({_SESSIONS} AND wait_event_type = '{what}')")

    def until_alone(self) -> None:
        """Return once the server has done with all sessions of yoyo."""
        self._until(f"NOT EXISTS ({_SESSIONS})")

    def _until(self, condition: str, within_s: float = 10.0) -> None:
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            wait_until(
                lambda: _column(conn, f"SELECT {condition}") == {True},
                within_s=within_s, every_s=0.02, what=condition,
            )  # fmt: skip


def middle(process: subprocess.Popen[str]) -> None:
    """Return once a command is in the middle of a migration that waits there."""
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        if line == "in the middle\n":
            return
        told.append(line)
    raise AssertionError(f"yoyo ended before the middle:\n{''.join(told)}")


def begin_again(process: subprocess.Popen[str]) -> None:
    """Let a command that waits in the middle go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def go_on(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Let a command go on to its end; return its exit status and what it said."""
    told, _ = process.communicate("\n", timeout=60)
    return process.returncode, told


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a command as the kernel does when memory is short, and as a lost machine looks."""
    process.kill()
    process.wait(10)


def _column(conn: psycopg.Connection[Any], query: str) -> set[Any]:
    return {row[0] for row in conn.execute(query.encode())}
