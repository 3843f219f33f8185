"""A crew that plays loads into a run's directory; also a program, for those who kill engines."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from hormesis.clients.python import Python
from hormesis.engine.clock import LoopClock
from hormesis.engine.crew.crew import Crew
from hormesis.engine.waiting import wait_until
from hormesis.loads.constant_vus import ConstantVus
from hormesis.record.history_reader import read_history
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import History, Phase

Meanwhile = Callable[[Crew, LoopClock], Awaitable[None]]

CLIENT = """
class Client:
    def __init__(self, user):
        self.user = user
    async def iterate(self):
        async with self.user.op("get"):
            await self.user.pause(0.02)
        self.user.check("fine", True)
"""


async def nothing(crew: Crew, clock: LoopClock) -> None:
    """Do nothing while the crew plays."""


def track(folder: Path, *, client: str = CLIENT, seconds: float, vus: int = 40) -> LoadTrack:
    """Return a load of users whose class *client* holds."""
    (folder / "client.py").write_text(client)
    load = ConstantVus.model_validate({"vus": vus, "for": f"{seconds:g}s"})
    kind = Python.model_validate({"use": "client.py:Client"}, context={"folder": str(folder)})
    return LoadTrack("x", load, kind, graceful_stop_s=2.0)


async def played(
    folder: Path, tracks: Sequence[LoadTrack], meanwhile: Meanwhile = nothing, **options: Any
) -> History:
    """Play *tracks* and return what was recorded."""
    clock = LoopClock()
    writer = HistoryWriter(folder)
    writer.manifest({"run": "r1", "tracks": [{"name": one.name, "sort": "load"} for one in tracks]})
    zero_ns = round(-clock.at(0.0) * 1e9)
    crew = Crew(tracks, seed=7, clock=clock, zero_ns=zero_ns, writer=writer, **options)
    try:
        await crew.hire()
        await crew.ready()
        began = clock.now() + crew.lead_s
        writer.phase(Phase("tracks", began))
        async with asyncio.TaskGroup() as group:
            group.create_task(crew.play(began))
            group.create_task(_seen(meanwhile(crew, clock)))
    finally:
        await crew.close()
    writer.end({"time": clock.now(), "reason": "completed"})
    writer.close()
    return read_history(folder)


async def _seen(work: Awaitable[None]) -> None:
    await work


def members(parent: int | None = None) -> list[psutil.Process]:
    """Return the worker processes below *parent*, or below this process."""
    return [
        one
        for one in psutil.Process(parent).children(recursive=True)
        if one.status() != psutil.STATUS_ZOMBIE and "hormesis.engine.crew.member" in one.cmdline()
    ]


async def users_playing(crew: Crew, clock: LoopClock, users: int) -> None:
    """Wait until that many users play."""

    async def there() -> bool:
        return crew.users >= users

    await wait_until(there, what=f"{users} users", deadline=clock.now() + 10.0, clock=clock)


async def _engine(folder: Path) -> None:
    async def say_pids(crew: Crew, clock: LoopClock) -> None:
        await users_playing(crew, clock, 40)
        sys.stdout.write(" ".join(str(one.pid) for one in members()) + "\n")
        sys.stdout.flush()

    await played(folder, [track(folder, seconds=60.0)], say_pids, processes=2)


if __name__ == "__main__":
    asyncio.run(_engine(Path(sys.argv[1])))
