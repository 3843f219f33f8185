"""The chaos injector: one object with which a test hurts its own code, its connections, its server.

What is only pretended works on the class too (``await ChaosInjector.random_delay()``). Everything
else is a fault of the toolkit: it is seen to hurt when its block begins, and seen to be gone when
the block ends. Everything drawn comes from the seed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from hormesis.compose.by_hand_fault import Bite, FaultByHand
from hormesis.compose.by_hand_trouble import NoBite
from hormesis.compose.never_entered import Asked, must_be_entered
from hormesis.testing.injector.acts import Bitten, Record, Script
from hormesis.testing.injector.backend import pid_of
from hormesis.testing.injector.bound_or_not import BoundOrNot
from hormesis.testing.injector.connection_failure import ConnectionFailure, When
from hormesis.testing.injector.delay import Delay, RealSleeps, Sleeps
from hormesis.testing.injector.held_locks import HeldLocks
from hormesis.testing.injector.lasting import Lasting
from hormesis.testing.injector.outliving import Outliving
from hormesis.testing.injector.reach import Reach
from hormesis.testing.injector.retry import Attempts, attempted, attempted_async
from hormesis.testing.injector.transient import RetryOn
from hormesis.testing.noting import Note, unnoted
from hormesis.words.randomness import stream_of

if TYPE_CHECKING:
    from hormesis.testing.nemesis.nemesis import Nemesis
    from hormesis.testing.nemesis.schedule import Faults
    from hormesis.testing.server import Server

A = TypeVar("A", bound=Asked)
_VICTIMS = """
SELECT count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = current_database()
  AND application_name NOT LIKE 'hormesis-%%' AND application_name LIKE %s
  AND (pid = ANY (%s::int[]) OR %s::int[] = '{}')
"""


class ChaosInjector:
    """Injects trouble into one test.

    Args:
        seed: of everything that is drawn.
        connection_string: of the test's database, as the test itself connects.
        server: the session's server; None: only what talks SQL, and what is pretended, works.
        run_dir: where the records of faults lie.
        note: told of each bite, with the word for what bit and the proof.
        sleeps: how to wait.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        connection_string: str = "",
        server: Server | None = None,
        run_dir: Path | None = None,
        note: Note = unnoted,
        sleeps: Sleeps | None = None,
    ) -> None:
        self.seed = seed
        self.rng = stream_of(seed, "injector")
        """For the test's own draws; the injector's come from other streams of the same seed."""
        self._streams = {
            name: stream_of(seed, "injector", name) for name in ("delay", "failure", "retry")
        }
        self._sleeps = sleeps or RealSleeps()
        self._record = Record(note)
        self._reach = Reach(connection_string, server, run_dir, seed)
        self._held = HeldLocks()
        self._asked: list[Asked] = []
        self._server_ends = 0

    @classmethod
    def unbound(cls) -> ChaosInjector:
        """Return one without a database, with a seed of its own."""
        return cls(seed=SystemRandom().randrange(2**31))

    @property
    def bites(self) -> tuple[Bitten, ...]:
        """Everything that was seen to hurt so far."""
        return self._record.bites()

    def script(self) -> Script:
        """Return everything that was done so far; :meth:`replay` does it again."""
        return self._record.script()

    def close(self) -> None:
        """End what the injector began; closing twice is harmless.

        Raises:
            NeverEntered: something that lasts for a block was asked for without its ``with``.
        """
        asked, self._asked = self._asked, []
        self._reach.close()
        must_be_entered(asked)

    def __enter__(self) -> ChaosInjector:
        return self

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._asked = []
        self.close()

    @BoundOrNot
    def random_delay(self, min_ms: float = 0, max_ms: float = 100) -> Delay:
        """Wait between *min_ms* and *max_ms* milliseconds; await it where an event loop runs."""
        if not 0 <= min_ms <= max_ms:
            raise ValueError(f"expected 0 ≤ min_ms ≤ max_ms, found {min_ms:g} and {max_ms:g}")
        ms = self._streams["delay"].uniform(min_ms, max_ms)
        self._record.began("random_delay", {"min_ms": min_ms, "max_ms": max_ms})
        delay = Delay(ms, self._sleeps)
        if ms:
            self._record.bit("random-delay", f"waited {ms:.1f} ms")
        return delay

    @BoundOrNot
    def simulate_connection_failure(
        self, probability: float = 0.1, *, when: When = "before"
    ) -> AbstractContextManager[ConnectionFailure]:
        """Fail the block with that probability, as a lost connection does; see the class."""
        self._record.began("simulate_connection_failure", {"probability": probability})
        told = f"raised a simulated connection failure (probability {probability:g})"
        return ConnectionFailure(
            probability, self._streams["failure"], when,
            hit=lambda: self._record.bit("connection-failure", told),
        )  # fmt: skip

    @BoundOrNot
    def with_retry(
        self,
        operation: Callable[[], Any],
        max_attempts: int = 3,
        backoff: float = 0.1,
        *,
        backoff_max: float = 5.0,
        retry_on: RetryOn | None = None,
    ) -> Any:
        """Return what *operation* returns, tried again after transient errors, with full jitter.

        An ``async`` operation gives something to await. The last error has all attempts as notes.

        Args:
            operation: called without arguments.
            max_attempts: how often it is tried at most.
            backoff: the longest pause before the second attempt, in seconds; doubled each time.
            backoff_max: the longest pause at all, in seconds.
            retry_on: exception types, SQLSTATEs or a function; left out: serialization failures,
                deadlocks and lost connections.
        """
        rng = self._streams["retry"]
        attempts = Attempts(rng, max_attempts, backoff, backoff_max, retry_on, self._tried_again)
        self._record.began("with_retry", {"max_attempts": max_attempts, "backoff": backoff})
        if inspect.iscoroutinefunction(operation):
            return attempted_async(operation, attempts, self._sleeps.sleep_async)
        return attempted(operation, attempts, self._sleeps.sleep)

    def terminate(self, conn_or_pid: Any) -> Bitten:
        """End the backend of a connection, or with that process id; it is gone on return.

        Raises:
            NoBite: the test's database has no such session.
        """
        return self._kill("terminate", {}, pids=[pid_of(conn_or_pid)], application="%", most=1)

    def terminate_mine(self) -> Bitten:
        """End every session that this test has opened by its connection string.

        Raises:
            NoBite: there is none.
        """
        return self._kill("terminate_mine", {}, application=self._reach.application)

    def terminate_random(self, count: int = 1) -> Bitten:
        """End *count* of the database's sessions, drawn by chance; fewer when there are fewer.

        Raises:
            NoBite: there is none.
        """
        return self._kill("terminate_random", {"count": count}, most=count)

    def hold_lock(
        self, table: str, mode: str = "", *, where: str = ""
    ) -> Lasting[Bite]:
        """Hold a lock on *table*, or on the rows that meet *where*, while the block runs.

        Left out, *mode* is ``ACCESS EXCLUSIVE`` for a table and ``UPDATE`` for rows.
        """
        told = {"table": table, "mode": mode, "where": where}
        return self._lasting(
            "hold_lock", told, lambda: self._reach.on_database("postgres-lock", **told),
            beside=lambda: self._held.with_(table, mode, where),
        )  # fmt: skip

    def deadlock(
        self, table: str, *, where: str = "true", first: int | None = 1
    ) -> Lasting[Bite]:
        """Make the *first* transactions that write to such rows victims of deadlocks (40P01).

        None: all of them, as long as the block lasts. It is seen only when a transaction comes that
        can be caught; none: ``NoBite`` at the end.
        """
        told = {"table": table, "where": where, "first": first}
        fields = _given(table=table, where=where, rounds=first)
        return self._lasting(
            "deadlock", told,
            lambda: self._reach.on_database(
                "postgres-deadlock", every="20ms", wait=False, **fields
            ),
        )  # fmt: skip

    def delay_statements(
        self, pattern: str = "", ms: float = 100, *, probability: float = 1.0,
        first: int | None = None,
    ) -> Lasting[Bite]:  # fmt: skip
        """Let statements in which *pattern* (a regular expression) is found take *ms* longer."""
        if ms <= 0:
            raise ValueError(f"expected ms above 0, found {ms:g}")
        told = {"pattern": pattern, "ms": ms, "probability": probability, "first": first}
        fields = _given(matching=pattern, probability=probability, first=first)
        return self._lasting(
            "delay_statements", told,
            lambda: self._reach.on_link("postgres-delay", min=f"{ms}ms", max=f"{ms}ms", **fields),
        )  # fmt: skip

    def fail_statements(
        self, pattern: str = "", sqlstate: str = "40001", message: str = "injected failure", *,
        first: int | None = None, skip: int = 0, probability: float = 1.0,
    ) -> Lasting[Bite]:  # fmt: skip
        """Let statements in which *pattern* is found fail with *sqlstate*, on the server too.

        So many pass before (*skip*), and only so many are hit (*first*).
        """
        what = {"sqlstate": sqlstate, "message": message, "probability": probability}
        told = {"pattern": pattern, **what, "first": first, "skip": skip}
        fields = _given(matching=pattern, first=first, skip=skip, **what)
        return self._lasting(
            "fail_statements", told, lambda: self._reach.on_link("postgres-fail", **fields)
        )

    def exhaust_connections(
        self, leave: int = 0, *, whole_server: bool = False
    ) -> Lasting[Bite]:
        """Take the server's connection slots, but for *leave* of them, while the block runs.

        They are taken from every application on the server, so for one that is the user's it must
        be asked for with *whole_server*.

        Raises:
            UsageTrouble: the server is the user's, and *whole_server* was not said.
        """
        told: dict[str, Any] = {"leave": leave}
        return self._lasting(
            "exhaust_connections", {**told, "whole_server": True} if whole_server else told,
            lambda: self._reach.on_every_slot(leave, whole_server=whole_server),
        )  # fmt: skip

    def restart_server(self) -> Bitten:
        """Restart the embedded server in good order; it takes connections again on return.

        Raises:
            UsageTrouble: the server is the user's.
        """
        return self._server_act("restart_server", "restart", "restarted")

    def crash_server(self) -> Bitten:
        """Kill the embedded server with all its processes, and let it recover from its log.

        Every connection is lost. Returns once it takes connections again.

        Raises:
            UsageTrouble: the server is the user's.
        """
        return self._server_act("crash_server", "kill", "crashed", tree=True)

    def stop_server(self) -> Lasting[Bite]:
        """Let the embedded server be stopped while the block runs, and back when it is left.

        Raises:
            UsageTrouble: the server is the user's.
        """
        return self._lasting(
            "stop_server", {}, lambda: self._reach.on_server("stop", "stopped"), server=True
        )

    def disk_full(self, *, size: str = "32MiB") -> Lasting[Bite]:
        """Let the disk that the test's tables lie on be full while the block runs (53100).

        The tables of the test's schema are moved to a small volume of their own, of *size*, which
        is then filled; the server's log and everybody else's tables stay where they are. They are
        moved back at the end of the test. No transaction may use them when the block begins.

        Raises:
            UsageTrouble: the server is the user's.
        """
        return self._lasting("disk_full", {"size": size}, lambda: self._reach.on_disk(size))

    def tamper(
        self, *statements: str, count: str, undo: Sequence[str] | Literal["application"] = (),
        tables: Sequence[str] = (),
    ) -> Lasting[Bite]:  # fmt: skip
        """Change data behind the application's back; it is put back when the block is left.

        Args:
            statements: SQL, all in one transaction.
            count: a query for the number of rows that are wrong; it must rise.
            undo: SQL that repairs it; ``"application"`` when the application has to, in the block.
            tables: instead of *undo*: the tables, with primary keys, of which the rows that were
                touched are kept and put back.
        """
        told = {"statements": list(statements), "count": count}
        back = {"snapshot": list(tables)} if tables else {
            "undo": "system" if undo == "application" else list(undo)
        }  # fmt: skip
        return self._lasting(
            "tamper", told,
            lambda: self._reach.on_database(
                "postgres-corrupt", do=list(statements), count=count, **back
            ),
        )  # fmt: skip

    def nemesis(
        self, faults: Faults, seed: int | None = None, every: float | str = 1.0, **more: Any
    ) -> Nemesis:
        """Return a nemesis that does some of *faults* in the background while its block runs.

        See :class:`hormesis.testing.nemesis.nemesis.Nemesis`; left out, *seed* is the injector's.
        """
        from hormesis.testing.nemesis.nemesis import Nemesis

        seed = self.seed if seed is None else seed
        return self._noted(Nemesis(self, faults, seed=seed, every=every, **more))

    def replay(self, script: Script | str) -> Nemesis:
        """Return a nemesis that does again what *script* tells, at the same moments."""
        from hormesis.testing.nemesis.nemesis import Nemesis

        return self._noted(Nemesis.replay(script, self))

    def _kill(self, name: str, told: dict[str, Any], **fields: Any) -> Bitten:
        application = fields.setdefault("application", self._reach.victims)
        pids = fields.get("pids", [])
        if not self._reach.rows(_VICTIMS, application, pids, pids)[0][0]:
            which = f" with process id {pids[0]}" if pids else ""
            raise NoBite(f"{name}: the database has no session of a test{which}")
        kind = "postgres-kill-connections"
        with self._reach.on_database(kind, share=1.0, every="20ms", **fields) as bite:
            self._record.began(name, {**told, **({"conn_or_pid": pids[0]} if pids else {})})
            return self._record.bit(kind, bite.proof)

    def _server_act(self, name: str, kind: str, what: str, **fields: Any) -> Bitten:
        fault = self._reach.on_server(kind, what, **fields)
        self._record.began(name)
        self._server_ends += 1
        with fault as bite:
            bitten = self._record.bit(kind, bite.proof)
        self._reach.came_back()
        return bitten

    def _lasting(
        self, name: str, told: dict[str, Any], fault: Callable[[], FaultByHand], *,
        server: bool = False, beside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Lasting[Bite]:  # fmt: skip
        given = {key: value for key, value in told.items() if value not in ("", None)}
        first = next(iter(given.values()), "")
        return self._noted(Lasting(
            f"{name}({first!r})" if first else f"{name}()",
            lambda: self._on(name, given, self._played(fault, server=server, beside=beside)),
        ))  # fmt: skip

    def _noted(self, asked: A) -> A:
        self._asked = [*(one for one in self._asked if one.never_entered), asked]
        return asked

    @contextmanager
    def _played(
        self, fault: Callable[[], FaultByHand], *, server: bool,
        beside: Callable[[], AbstractContextManager[None]],
    ) -> Iterator[Bite]:  # fmt: skip
        self._server_ends += server
        with beside(), Outliving(fault(), lambda: self._server_ends) as bite:
            yield bite
        if server:
            self._reach.came_back()

    @contextmanager
    def _on(
        self, name: str, told: dict[str, Any], fault: AbstractContextManager[Bite]
    ) -> Iterator[Bite]:
        on: Bite | None = None
        try:
            with fault as on:
                number = self._record.began(name, told)
                try:
                    yield on
                finally:
                    self._record.ended(number)
        finally:
            if on is not None and on.seen:
                self._record.bit(on.records[0].kind, on.proof)

    def _tried_again(self, told: str) -> None:
        self._record.bit("retry", told)


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in ("", None)}
