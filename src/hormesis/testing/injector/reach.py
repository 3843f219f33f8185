"""Reach: how an injector reaches the toolkit's faults, for the server, the link and the database.

The server and the link belong to the session's run; the faults that talk SQL have a run of their
own, begun when the first of them is asked for, because each test may have a database of its own.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hormesis.compose.by_hand import RUNS, ByHand, by_hand
from hormesis.compose.by_hand_fault import FaultByHand
from hormesis.host.holders.postgres_session import OBSERVER
from hormesis.testing.injector.lasting import LASTS
from hormesis.testing.injector.small_disk import SmallDisk
from hormesis.testing.ownership import Name
from hormesis.words.trouble import UsageTrouble

if TYPE_CHECKING:
    from hormesis.testing.server import Server

DATABASE = "database"
"""The name of the target of faults that talk SQL."""
BITE_WITHIN = "5s"
"""How long a fault is given until it must be seen to hurt."""


class Reach:
    """What one test can hurt, and how."""

    def __init__(
        self, connection_string: str, server: Server | None, run_dir: Path | None, seed: int
    ) -> None:
        self._connection_string = connection_string
        self._server = server
        self._run_dir = run_dir or RUNS
        self._seed = seed
        self._guard = threading.Lock()
        self._stack = ExitStack()
        self._sql: ByHand | None = None
        self._disk: SmallDisk | None = None

    @property
    def direct(self) -> str:
        """The test's connection string, but past the link.

        Raises:
            UsageTrouble: the injector has no database.
        """
        if not self._connection_string:
            raise UsageTrouble(
                "this injector has no database", hint="take the fixture chaos_injector"
            )
        if self._server is None:
            return self._connection_string
        told = conninfo_to_dict(self._connection_string)
        options = {"options": told["options"]} if told.get("options") else {}
        return make_conninfo(self._server.dsn(str(told.get("dbname") or "postgres")), **options)

    @property
    def application(self) -> str:
        """The name of the test's own sessions; ``%`` stands for any text."""
        name = conninfo_to_dict(self._connection_string).get("application_name")
        return str(name) if name else "hormesis:%"

    @property
    def victims(self) -> str:
        """The names of sessions that may be ended; in a database that is not ours: the test's own.

        An application on the user's own database is nobody's to hurt.
        """
        if self._server is None or self._server.run is not None:
            return "%"
        database = str(conninfo_to_dict(self._connection_string).get("dbname") or "")
        return "%" if Name.of(database) is not None else self.application

    def on_database(self, kind: str, **fields: Any) -> FaultByHand:
        """Return a fault on the test's database."""
        return self._sql_run().fault(kind, DATABASE, for_=LASTS, **fields)

    def on_every_slot(self, leave: int, *, whole_server: bool) -> FaultByHand:
        """Return the fault that takes the server's connection slots but for *leave* of them.

        Raises:
            UsageTrouble: the server is the user's, and *whole_server* does not say to do it.
        """
        if not whole_server and (self._server is None or self._server.run is None):
            raise UsageTrouble(
                "taking every connection slot hits all applications on this server, which is yours",
                hint="exhaust_connections(whole_server=True) does it all the same",
            )
        return self.on_database("postgres-exhaust-connections", left=leave)

    def on_link(self, kind: str, **fields: Any) -> FaultByHand:
        """Return a fault on the link between the test and its server.

        Raises:
            UsageTrouble: there is no link.
        """
        if self._server is None:
            raise UsageTrouble(
                "this injector has no link to the database", hint="take the fixture chaos_injector"
            )
        run, target = self._server.link_run(), self._server.target
        return run.fault(kind, target, for_=LASTS, **fields)

    def on_server(self, kind: str, what: str, **fields: Any) -> FaultByHand:
        """Return a fault on the server's process; *what* it would do, for the refusal.

        Raises:
            UsageTrouble: the server is the user's.
        """
        server = self._server
        run = self._embedded(what)
        assert server is not None
        return run.fault(kind, server.target, for_=LASTS, **fields)

    def on_disk(self, size: str) -> FaultByHand:
        """Return the fault that fills a small disk under the test's tables.

        Raises:
            UsageTrouble: the server is the user's, or the tables cannot be moved.
        """
        self._embedded("given a small disk")
        with self._guard:
            if self._disk is None:
                self._disk = SmallDisk(self.direct, self._run_dir, self._seed, size)
            return self._disk.fill()

    def _embedded(self, what: str) -> ByHand:
        if self._server is None or self._server.run is None:
            raise UsageTrouble(
                f"only the embedded server is {what}, and this one is yours",
                hint="leave out --chaos-database (chaos_database, HORMESIS_DATABASE)",
            )
        return self._server.run

    def came_back(self) -> None:
        """Return once the server takes connections again.

        Raises:
            CapabilityTrouble: it lets nobody in.
        """
        if self._server is not None:
            self._server.came_back()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the test's database answers, over a connection of ours."""
        with psycopg.connect(
            self.direct, autocommit=True, application_name=OBSERVER
        ) as line:
            cursor = line.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Move everything back, and end the run of the faults that talk SQL."""
        with self._guard:
            disk, self._disk, self._sql = self._disk, None, None
            with self._stack:
                if disk is not None:
                    disk.close()

    def _sql_run(self) -> ByHand:
        with self._guard:
            if self._sql is None:
                document = {
                    "title": "The faults of one test's injector",
                    "targets": {DATABASE: {"postgres": self.direct}},
                    "limits": {"bite_within": BITE_WITHIN},
                }
                run = by_hand(
                    document, out=self._run_dir, name="injector", seed=self._seed, force=True
                )
                self._sql = self._stack.enter_context(run)
            return self._sql
