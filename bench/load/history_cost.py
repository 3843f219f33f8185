"""Plays the measured script for a while, with the history written or thrown away; prints its cost.

``python -m bench.load.history_cost URL USERS SECONDS write|drop`` prints the CPU microseconds of a
request and the bytes that the history has for it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hormesis.clients.python import Python
from hormesis.engine.clock import LoopClock
from hormesis.engine.followed_writer import FollowedWriter
from hormesis.engine.live import Live
from hormesis.engine.loading.player import Player
from hormesis.loads.constant_vus import ConstantVus
from hormesis.record.history_writer import HistoryWriter
from hormesis.wire.core import Meter
from hormesis.words.experiment import LoadTrack

FLUSH_S = 0.2


class Dropped:
    """Takes what a load records and forgets it."""

    def _forget(self, *_: Any) -> None:
        """Nothing is kept."""

    ops = labels = values = metrics = load = _forget


async def play(folder: Path, users: int, seconds: float, *, write: bool) -> tuple[float, int]:
    """Play; return the CPU microseconds of a request, and how many requests there were."""
    script = str(Path(__file__).with_name("visitor.py"))
    load = ConstantVus.model_validate({"vus": users, "for": f"{seconds:g}s"})
    track = LoadTrack("visits", load, Python(use=f"{script}:Visitor"), graceful_stop_s=1.0)
    clock = LoopClock()
    meter = Meter(zero_ns=clock.zero_ns)
    writer = HistoryWriter(folder)
    output = FollowedWriter(writer, Live()).shard(0) if write else Dropped()
    player = Player(
        [track], part=0, parts=1, seed=1, clock=clock, meter=meter, output=output
    )
    flushing = asyncio.create_task(flush(writer, clock))
    began = time.process_time()
    await player.play(clock.now())
    used = time.process_time() - began
    flushing.cancel()
    writer.close()
    return used / meter.counted * 1e6, meter.counted


async def flush(writer: HistoryWriter, clock: LoopClock) -> None:
    """Do what the engine does beside a load."""
    while True:
        writer.flush()
        await clock.sleep_until(clock.now() + FLUSH_S)


def main() -> None:
    """Read the command line and play."""
    url, users, seconds, how = sys.argv[1:]
    os.environ["TARGET"] = url
    with tempfile.TemporaryDirectory() as folder:
        cost, count = asyncio.run(
            play(Path(folder), int(users), float(seconds), write=how == "write")
        )
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        sys.stdout.write(f"{cost:.3f} {size / count:.2f}\n")


if __name__ == "__main__":
    main()
