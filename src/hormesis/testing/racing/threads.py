"""Threads: the workers of a race, each in a thread of its own, started at one moment."""

from __future__ import annotations

import sys
from threading import Barrier, BrokenBarrierError, Event, Thread
from typing import Any

from hormesis.testing.racing.meeting import Meeting
from hormesis.testing.racing.operations import uses_connection
from hormesis.testing.racing.outcomes import outcome_of
from hormesis.testing.racing.plan import LEAD_S, RacePlan
from hormesis.testing.racing.played import Escaped, Hanging, Played
from hormesis.testing.racing.recording import Recorder, value_of
from hormesis.testing.racing.worker import Address, Worker

GRACE_S = 2.0
"""How long workers have to end after their statements were cancelled."""


def play(plan: RacePlan, recorder: Recorder, address: Address) -> Played:
    """Play *plan* in threads and return what became of it.

    Every worker has a thread, so that all are in flight at once however many there are.

    Raises:
        RuntimeError: the machine gives no more threads; none has begun then.
    """
    return _Threads(plan, recorder, address).play()


class _Threads:
    """One race."""

    def __init__(self, plan: RacePlan, recorder: Recorder, address: Address) -> None:
        self._plan, self._recorder, self._address = plan, recorder, address
        self._barrier = Barrier(plan.workers, self._ready)
        self._start = 0.0
        self._meeting = Meeting(plan.workers)
        self._played = Played()
        self._waiting: set[int] = set()
        self._workers = [
            Worker(number, plan.rng(number), recorder, address) for number in range(plan.workers)
        ]

    def play(self) -> Played:
        threads = [
            Thread(target=self._work, args=(one,), name=f"race worker {one.number}", daemon=True)
            for one in self._workers
        ]
        try:
            for thread in threads:
                thread.start()
        except RuntimeError as error:
            self._barrier.abort()
            raise RuntimeError(
                f"expected {self._plan.workers} threads at once, the machine gave fewer: {error}"
            ) from error
        clock = self._recorder.clock
        deadline = clock.now() + self._plan.timeout_s
        for thread in threads:
            thread.join(max(0.0, deadline - clock.now()))
        if any(thread.is_alive() for thread in threads):
            self._give_up(threads)
        return self._played

    def _ready(self) -> None:
        """Say when the round begins; the last that comes does it for all."""
        self._start = self._recorder.clock.now() + LEAD_S
        self._meeting = Meeting(self._plan.workers)

    def _work(self, worker: Worker) -> None:
        try:
            for round_ in range(self._plan.rounds):
                worker.round = round_
                name, operation = self._plan.operation(worker.number, round_)
                if self._address and uses_connection(operation):
                    self._connect(worker)
                self._waiting.add(worker.number)
                self._barrier.wait()
                self._waiting.discard(worker.number)
                worker.meeting = self._meeting
                due = self._start + self._plan.jitter_s(worker.number, round_)
                self._wait_until(due)
                self._perform(worker, name, operation, due)
        except BrokenBarrierError:
            return
        except BaseException as error:  # noqa: BLE001 - raised when all have ended
            name, _ = self._plan.operation(worker.number, worker.round)
            self._played.died.append(Escaped(worker.number, worker.round, name, error))
            self._barrier.abort()
        finally:
            self._close(worker)

    def _close(self, worker: Worker) -> None:
        try:
            worker.close()
        except Exception as error:  # noqa: BLE001 - everything it did is recorded by now
            self._played.troubles.append(error)

    def _connect(self, worker: Worker) -> None:
        """Connect before the start; who cannot is told so in its operation."""
        try:
            _ = worker.conn
        except Exception as error:  # noqa: BLE001 - asked again, and recorded, in the operation
            self._played.troubles.append(error)

    def _wait_until(self, moment: float) -> None:
        left = moment - self._recorder.clock.now()
        if left > 0:
            Event().wait(left)

    def _perform(self, worker: Worker, name: str, operation: Any, due: float) -> None:
        recorder = self._recorder
        running = recorder.begin(name, worker.number, worker.round, due)
        self._played.began(worker.round, running)
        try:
            returned = operation(worker)
            worker.commit()
            value = value_of(returned)
        except BaseException as error:  # noqa: BLE001 - recorded, and raised where it is a mistake
            end = outcome_of(error)
            if recorder.raised(error) or not worker.recorded:
                recorder.end(running, *end)
            else:
                recorder.forget(running)
            self._played.escaped.append(Escaped(worker.number, worker.round, name, error))
            worker.roll_back()
        else:
            if worker.recorded:
                recorder.forget(running)
            else:
                running.value = value
                recorder.end(running)
            if returned is not None:
                self._played.returned.append((worker.round, worker.number, returned))
        finally:
            worker.meeting.leave()

    def _give_up(self, threads: list[Thread]) -> None:
        """Note who hangs and where, and free what can be freed."""
        frames = sys._current_frames()
        hanging = []
        for worker, thread in zip(self._workers, threads, strict=True):
            frame = frames.get(thread.ident or 0)
            # Those that wait for the others in the next round are not who hangs.
            if thread.is_alive() and worker.number not in self._waiting:
                _, operation = self._plan.operation(worker.number, worker.round)
                told = Hanging(worker.number, worker.round, _place(frame, operation))
                hanging.append((worker, told))
        self._played.hanging = [told for _, told in hanging]
        self._recorder.cut_off()
        self._barrier.abort()
        for worker, _ in hanging:
            try:
                worker.cancel()
            except Exception as error:  # noqa: BLE001 - the race has timed out, whatever it says
                self._played.troubles.append(error)
        deadline = self._recorder.clock.now() + GRACE_S
        for thread in threads:
            thread.join(max(0.0, deadline - self._recorder.clock.now()))


def _place(frame: Any, operation: Any) -> str:
    """Return the innermost line of the operation's own file that *frame* is in."""
    code = getattr(operation, "__code__", None)
    while frame is not None:
        if code is None or frame.f_code.co_filename == code.co_filename:
            return f"{frame.f_code.co_filename.rpartition('/')[2]}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
