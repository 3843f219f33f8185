"""Small disk: a volume of a few megabytes under the test's tables, which can really run full.

Only the tables lie on it, as a tablespace: the server's log and everybody else's tables stay where
they are, so the server lives on and says 53100, as one with its data on a disk of its own does.
The volume belongs to a run, so it is unmounted whatever becomes of the test.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from hormesis.compose.by_hand import by_hand
from hormesis.compose.by_hand_fault import FaultByHand
from hormesis.testing.injector.lasting import LASTS
from hormesis.words.trouble import UsageTrouble
from hormesis.words.units import bytes_from, text_of_bytes

DISK = "disk"
_LOCK_MS = 1000
_LAST_LOCK_MS = 500
_TABLES = """
SELECT relkind, oid::regclass::text FROM pg_class
WHERE relkind IN ('r', 'm', 'i') AND reltablespace <> coalesce(
    (SELECT oid FROM pg_tablespace WHERE spcname = %(space)s), 1)
  AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
  AND NOT (relkind = 'i' AND EXISTS (SELECT FROM pg_class AS outer_one
    JOIN pg_index ON indrelid = outer_one.oid
    WHERE indexrelid = pg_class.oid AND outer_one.relkind = 'p'))
"""
_ON_IT = """
SELECT relkind, oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm', 'i')
  AND reltablespace = (SELECT oid FROM pg_tablespace WHERE spcname = %(space)s)
  AND relnamespace <> 'pg_toast'::regnamespace
"""
"""What TOAST tables there are goes with the tables that they belong to."""
_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::int8 FROM pg_class
WHERE relkind IN ('r', 'm')
  AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
"""
_IN_THE_WAY = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN (
  SELECT pg_locks.pid FROM pg_locks JOIN pg_class ON pg_class.oid = relation
  WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND reltablespace = (SELECT oid FROM pg_tablespace WHERE spcname = %(space)s)
) AND pid <> pg_backend_pid()
"""
_USERS = """
SELECT DISTINCT application_name, relation::regclass::text FROM pg_locks
JOIN pg_stat_activity USING (pid) JOIN pg_class ON pg_class.oid = relation
WHERE granted AND pid <> pg_backend_pid() AND relkind IN ('r', 'm')
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
ORDER BY 1
"""


class SmallDisk:
    """The volume, the tablespace on it, and the test's tables in that."""

    def __init__(self, direct: str, run_dir: Path, seed: int, size: str) -> None:
        """Mount it, and move the tables of the connection string's schema there.

        Raises:
            UsageTrouble: the tables are too large for it, or a transaction is in the way.
        """
        self._line = psycopg.connect(direct, autocommit=True, application_name="hormesis-disk")
        # Even the size of a table waits for whoever has locked it.
        self._execute(f"SET lock_timeout = {_LOCK_MS}")
        self._stack = ExitStack()
        self._stack.callback(self._line.close)
        try:
            self._check_size(size)
            # A volume in memory takes root; a FUSE one needs only fusermount3.
            sort = "tmpfs" if os.geteuid() == 0 else "fuse"
            volumes = {DISK: {"kind": sort, "size": size}}
            document = {
                "title": "A small disk under one test's tables",
                "volumes": volumes,
                "targets": {DISK: {"volume": DISK}},
            }
            run = by_hand(document, out=run_dir, name="disk", seed=seed)
            self._run = self._stack.enter_context(run)
            self._space = f"hormesis_{self._run.prepared.stand.run_id}"
            self._make()
        except BaseException:
            self._stack.close()
            raise

    def fill(self) -> FaultByHand:
        """Return the fault that fills it; tables that were made meanwhile come to lie on it too."""
        self._move(_TABLES, self._space, _LOCK_MS)
        return self._run.fault("disk-full", DISK, for_=LASTS)

    def close(self) -> None:
        """Move the tables back and unmount it; sessions that are in the way are ended."""
        with self._stack:
            if self._line.closed:
                return
            try:
                self._leave()
            except psycopg.OperationalError:
                # The server went meanwhile, and with it what lay here; or it was started anew.
                return

    def _leave(self) -> None:
        self._execute(f"ALTER DATABASE {self._database()} RESET default_tablespace")
        try:
            self._move(_ON_IT, "pg_default", _LAST_LOCK_MS)
        except UsageTrouble:
            # The test is over: what it left open holds nobody up any more.
            self._execute(_IN_THE_WAY, {"space": self._space})
            self._move(_ON_IT, "pg_default", _LOCK_MS)
        # Files of tables that are gone stay until the next checkpoint.
        self._execute("CHECKPOINT")
        self._execute(f"DROP TABLESPACE {self._space}")

    def _check_size(self, size: str) -> None:
        try:
            there = self._rows(_SIZE)[0][0]
        except psycopg.errors.LockNotAvailable:
            raise self._in_use() from None
        room = bytes_from(size)
        if there > room // 2:
            raise UsageTrouble(
                f"the test's tables take {there} bytes, too much for a disk of {size}",
                hint=f'disk_full(size="{text_of_bytes(-(-4 * there // 2**20) * 2**20)}")',
            )

    def _make(self) -> None:
        folder = f"{self._run.variables[f'volume.{DISK}']}/tables"
        # The server makes it itself: it must be its own, and may run as another account.
        self._execute(f"COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; mkdir -m 700 {folder}'")
        self._execute(f"CREATE TABLESPACE {self._space} LOCATION '{folder}'")
        database = self._database()
        self._execute(f"ALTER DATABASE {database} SET default_tablespace = {self._space}")

    def _move(self, which: str, space: str, lock_ms: int) -> None:
        self._execute(f"SET lock_timeout = {lock_ms}")
        for sort, name in self._rows(which, {"space": self._space}):
            what = {"r": "TABLE", "m": "MATERIALIZED VIEW", "i": "INDEX"}[sort]
            try:
                self._execute(f"ALTER {what} {name} SET TABLESPACE {space}")
            except psycopg.errors.LockNotAvailable:
                raise self._in_use(name) from None

    def _in_use(self, name: str = "") -> UsageTrouble:
        """Return what is in the way: a lock of the injector's own, or somebody's transaction."""
        users = [(str(who), str(table)) for who, table in self._rows(_USERS)]
        users = [one for one in users if not name or one[1] == name]
        ours = [table for who, table in users if who.startswith("hormesis-")]
        table = name or next((table for _, table in users), "a table")
        if ours:
            return UsageTrouble(
                f"{ours[0]} cannot be moved to a small disk: a lock of the injector is on it",
                hint="disk_full() first, and hold_lock() inside its block",
            )
        return UsageTrouble(
            f"{table} cannot be moved to a small disk: a transaction still uses it",
            hint="commit or roll back before disk_full()",
        )

    def _database(self) -> str:
        return str(self._rows("SELECT quote_ident(current_database())")[0][0])

    def _execute(self, statement: str, values: dict[str, Any] | None = None) -> None:
        self._line.execute(statement.encode(), values)

    def _rows(self, query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self._line.execute(query.encode(), values).fetchall()
