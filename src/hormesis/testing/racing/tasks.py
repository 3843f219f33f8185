"""Tasks: the workers of a race as tasks of the running loop, started at one moment."""

from __future__ import annotations

import asyncio
from typing import Any

from hormesis.testing.racing.meeting import AsyncMeeting
from hormesis.testing.racing.operations import uses_connection
from hormesis.testing.racing.outcomes import outcome_of
from hormesis.testing.racing.plan import LEAD_S, RacePlan
from hormesis.testing.racing.played import Escaped, Hanging, Played
from hormesis.testing.racing.recording import Recorder, value_of
from hormesis.testing.racing.worker import Address, AsyncWorker
from hormesis.words.op import Ended

GRACE_S = 2.0
"""How long workers have to end after they were cancelled."""


async def play(plan: RacePlan, recorder: Recorder, address: Address) -> Played:
    """Play *plan* as tasks and return what became of it."""
    played = Played()
    workers = [
        AsyncWorker(number, plan.rng(number), recorder, address) for number in range(plan.workers)
    ]
    try:
        async with asyncio.timeout(plan.timeout_s):
            for round_ in range(plan.rounds):
                await _round(plan, recorder, workers, round_, played, connect=bool(address))
    except TimeoutError:
        # Told by who was hanging.
        recorder.cut_off()
    finally:
        await asyncio.gather(*(one.close() for one in workers), return_exceptions=True)
    return played


async def _round(
    plan: RacePlan,
    recorder: Recorder,
    workers: list[AsyncWorker],
    round_: int,
    played: Played,
    *,
    connect: bool,
) -> None:
    meeting = AsyncMeeting(plan.workers)
    for worker in workers:
        worker.round, worker.meeting = round_, meeting
    if connect:
        asking = [
            one.connect()
            for one in workers
            if uses_connection(plan.operation(one.number, round_)[1])
        ]
        ends = await asyncio.gather(*asking, return_exceptions=True)
        played.troubles += [end for end in ends if isinstance(end, BaseException)]
    start = recorder.clock.now() + LEAD_S
    tasks = {
        asyncio.create_task(_work(plan, recorder, worker, start, played)): worker
        for worker in workers
    }
    try:
        await asyncio.wait(tasks)
        for task, worker in tasks.items():
            if not task.cancelled() and (error := task.exception()) is not None:
                name, _ = plan.operation(worker.number, round_)
                played.died.append(Escaped(worker.number, round_, name, error))
    except asyncio.CancelledError:
        left = {task: worker for task, worker in tasks.items() if not task.done()}
        played.hanging = [
            Hanging(worker.number, round_, _place(task)) for task, worker in left.items()
        ]
        recorder.cut_off()
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left, timeout=GRACE_S)
        raise


async def _work(
    plan: RacePlan, recorder: Recorder, worker: AsyncWorker, start: float, played: Played
) -> None:
    name, operation = plan.operation(worker.number, worker.round)
    due = start + plan.jitter_s(worker.number, worker.round)
    await recorder.clock.sleep_until(due)
    running = recorder.begin(name, worker.number, worker.round, due)
    played.began(worker.round, running)
    try:
        returned: Any = await operation(worker)
        await worker.commit()
        value = value_of(returned)
    except asyncio.CancelledError as error:
        # Something it awaited was cancelled, or it was itself: nobody knows what it had done.
        if recorder.raised(error) or not worker.recorded:
            recorder.end(running, Ended.INFO, "cancelled")
        else:
            recorder.forget(running)
        await worker.roll_back()
        if (task := asyncio.current_task()) is not None and task.cancelling():
            raise
    except BaseException as error:  # noqa: BLE001 - recorded, and raised where it is a mistake
        end = outcome_of(error)
        if recorder.raised(error) or not worker.recorded:
            recorder.end(running, *end)
        else:
            recorder.forget(running)
        played.escaped.append(Escaped(worker.number, worker.round, name, error))
        await worker.roll_back()
    else:
        if worker.recorded:
            recorder.forget(running)
        else:
            running.value = value
            recorder.end(running)
        if returned is not None:
            played.returned.append((worker.round, worker.number, returned))
    finally:
        worker.meeting.leave()


def _place(task: asyncio.Task[None]) -> str:
    """Return the line at which the operation waits, as deep as its own coroutines go."""
    coroutine: Any = task.get_coro()
    place = ""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        file = frame.f_code.co_filename if frame is not None else ""
        if frame is not None and "/hormesis/" not in file and "/lib/python" not in file:
            place = f"{file.rpartition('/')[2]}:{frame.f_lineno}"
        coroutine = getattr(coroutine, "cr_await", None)
    return place
