"""Race: N workers perform operations at one moment, and everything they do is recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from hormesis.engine.clock import LoopClock
from hormesis.testing.noting import Note, unnoted
from hormesis.testing.racing import tasks, threads
from hormesis.testing.racing.broken import RaceTimeout
from hormesis.testing.racing.evidence import evidence_of
from hormesis.testing.racing.mistakes import is_mistake
from hormesis.testing.racing.operations import named, uses_connection
from hormesis.testing.racing.plan import RacePlan, planned
from hormesis.testing.racing.played import Escaped, Played
from hormesis.testing.racing.recording import Recorder
from hormesis.testing.racing.result import OnUnknown, RaceResult, unheard
from hormesis.testing.racing.worker import Address, AsyncWorker, Dsn, Worker

Operation = Callable[[Worker], Any]
AsyncOperation = Callable[[AsyncWorker], Awaitable[Any]]

WORKERS = 10
JITTER_MS = 5.0
TIMEOUT_S = 60.0


def race(
    operation: Operation | Mapping[str, Operation] | Sequence[Operation],
    *,
    workers: int = WORKERS,
    rounds: int = 1,
    jitter_ms: float = JITTER_MS,
    seed: int | None = None,
    timeout_s: float = TIMEOUT_S,
    dsn: Dsn = None,
    allow_unknown: bool = False,
    on_unknown: OnUnknown = unheard,
) -> RaceResult:
    """Let *workers* threads perform *operation* at once, and return what they did.

    All wait at a barrier and begin within *jitter_ms*, drawn from *seed*; in each of *rounds* anew.
    Several operations are dealt out to the workers in turn. What one returns is its value in the
    history; what the database refused ends ``fail``, a lost connection or a time-out ``info``.

    >>> def commit(worker):
    ...     return worker.conn.execute("INSERT … RETURNING version").fetchone()
    >>> race(commit, workers=20, dsn=dsn).must(unique("version", of="commit"))

    Raises:
        RaceTimeout: workers had not ended after *timeout_s* seconds; it names them.
        Exception: an operation raised an AssertionError or a mistake such as a NameError.
    """
    __tracebackhide__ = True
    plan = planned(
        list(named(operation)), workers=workers, rounds=rounds, jitter_ms=jitter_ms, seed=seed,
        timeout_s=timeout_s,
    )  # fmt: skip
    address, recorder = Address(dsn), Recorder(LoopClock())
    _ask_early(plan, address)
    played = threads.play(plan, recorder, address)
    return _judgeable(plan, recorder, played, allow_unknown, on_unknown)


async def race_async(
    operation: AsyncOperation | Mapping[str, AsyncOperation] | Sequence[AsyncOperation],
    *,
    workers: int = WORKERS,
    rounds: int = 1,
    jitter_ms: float = JITTER_MS,
    seed: int | None = None,
    timeout_s: float = TIMEOUT_S,
    dsn: Dsn = None,
    allow_unknown: bool = False,
    on_unknown: OnUnknown = unheard,
) -> RaceResult:
    """Let *workers* tasks perform coroutine functions at once; else as :func:`race`."""
    __tracebackhide__ = True
    plan = planned(
        list(named(operation)), workers=workers, rounds=rounds, jitter_ms=jitter_ms, seed=seed,
        timeout_s=timeout_s,
    )  # fmt: skip
    address, recorder = Address(dsn), Recorder(LoopClock())
    _ask_early(plan, address)
    played = await tasks.play(plan, recorder, address)
    return _judgeable(plan, recorder, played, allow_unknown, on_unknown)


class Race:
    """A race with the seed, the number of workers and the database of one test."""

    def __init__(
        self,
        *,
        seed: int,
        workers: int = WORKERS,
        dsn: Dsn = None,
        note: Note = unnoted,
        allow_unknown: bool = False,
        on_unknown: OnUnknown = unheard,
    ) -> None:
        self.seed = seed
        self.workers = workers
        self._dsn = dsn
        self._note = note
        self._allow_unknown = allow_unknown
        self._on_unknown = on_unknown

    def __call__(
        self,
        operation: Operation | Mapping[str, Operation] | Sequence[Operation],
        *,
        workers: int | None = None,
        rounds: int = 1,
        jitter_ms: float = JITTER_MS,
        seed: int | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> RaceResult:
        """Race in threads; see :func:`race`."""
        __tracebackhide__ = True
        return self._noted(
            race(
                operation,
                workers=self.workers if workers is None else workers,
                rounds=rounds,
                jitter_ms=jitter_ms,
                seed=self.seed if seed is None else seed,
                timeout_s=timeout_s,
                dsn=self._dsn,
                allow_unknown=self._allow_unknown,
                on_unknown=self._on_unknown,
            )
        )

    async def run_async(
        self,
        operation: AsyncOperation | Mapping[str, AsyncOperation] | Sequence[AsyncOperation],
        *,
        workers: int | None = None,
        rounds: int = 1,
        jitter_ms: float = JITTER_MS,
        seed: int | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> RaceResult:
        """Race as tasks of the running loop; see :func:`race_async`."""
        __tracebackhide__ = True
        return self._noted(
            await race_async(
                operation,
                workers=self.workers if workers is None else workers,
                rounds=rounds,
                jitter_ms=jitter_ms,
                seed=self.seed if seed is None else seed,
                timeout_s=timeout_s,
                dsn=self._dsn,
                allow_unknown=self._allow_unknown,
                on_unknown=self._on_unknown,
            )
        )

    def _noted(self, result: RaceResult) -> RaceResult:
        for word, proof in evidence_of(result):
            self._note(word, proof)
        return result


def _ask_early(plan: RacePlan, address: Address) -> None:
    """Ask for the address here: a fixture must not be made in a worker's thread."""
    if address and any(uses_connection(operation) for _, operation in plan.operations):
        address.text()


def _judgeable(
    plan: RacePlan,
    recorder: Recorder,
    played: Played,
    allow_unknown: bool,
    on_unknown: OnUnknown,
) -> RaceResult:
    """Return the result, unless the race hung or an operation has a mistake."""
    __tracebackhide__ = True
    result = RaceResult(plan, recorder, played, allow_unknown=allow_unknown, on_unknown=on_unknown)
    if played.hanging:
        told = [
            f"worker {one.worker}"
            + (f" in round {one.round}" if plan.rounds > 1 else "")
            + (f" at {one.place}" if one.place else "")
            for one in played.hanging
        ]
        raise RaceTimeout(
            f"{len(told)} of {plan.workers} workers had not ended after {plan.timeout_s:g} s: "
            f"{', '.join(told)}\n{result}\noperations, in ms of the race:\n{result.table()}",
            [one.worker for one in played.hanging],
        )
    mistakes = [one for one in played.escaped if is_mistake(one.error)]
    if mistakes:
        raise _told(mistakes)
    if played.died:
        raise _told(played.died)
    if lost := _unaccounted(plan, recorder, played):
        raise RuntimeError(
            f"nothing is recorded of {', '.join(lost)}; a `with worker.op(…)` must end before its "
            f"operation does\n{result}"
        )
    return result


def _unaccounted(plan: RacePlan, recorder: Recorder, played: Played) -> list[str]:
    """Return the workers whose operation left nothing behind: neither a record nor an error."""
    told = {(one.worker, one.round) for one in recorder.done}
    told |= {(one.worker, one.round) for one in played.escaped}
    return [
        f"worker {worker} in round {round_}"
        for round_ in range(plan.rounds)
        for worker in range(plan.workers)
        if (worker, round_) not in told
    ]


def _told(mistakes: Sequence[Escaped]) -> BaseException:
    first = mistakes[0]
    also = f"; {len(mistakes) - 1} more raised too" if len(mistakes) > 1 else ""
    first.error.add_note(
        f"raised by operation {first.name!r} of worker {first.worker} in round {first.round}{also}"
    )
    return first.error
