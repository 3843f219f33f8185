"""Measure Dask (distributed): a scheduler and two workers, functions run in their event loops."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import measuring
from distributed import Client

ADDRESS = "tcp://127.0.0.1:28786"


async def clock() -> int:
    return time.monotonic_ns()


async def chunk() -> bytes:
    return measuring.CHUNK


async def hang() -> None:
    await asyncio.sleep(1000)


def start(what: str, *options: str, folder: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", what, *options, "--no-dashboard"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.abspath(__file__))},
    )  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        options = ("--no-nanny", "--nthreads", "1")
        them = [start("scheduler", "--host", "127.0.0.1", "--port", "28786", folder=folder)]
        them += [start("worker", ADDRESS, *options, folder=folder) for _ in range(2)]
        try:
            measure(began)
        finally:
            for one in them:
                one.kill()
                one.wait()


def measure(began: float) -> None:
    import probe_dask  # so that functions travel by name, as ours do

    with Client(ADDRESS, timeout=30) as client:
        client.wait_for_workers(2)
        first, second = sorted(client.run(probe_dask.clock))
        startup_s = time.perf_counter() - began

        def ask(function: Any) -> Any:
            return client.run(function, workers=[first])[first]

        figures = measuring.round_trips(lambda: ask(probe_dask.clock))
        figures |= measuring.chunks(lambda: len(ask(probe_dask.chunk)))
        pid = client.run(os.getpid, workers=[second])[second]
        told = client.sync(lost, client, second, pid)
    measuring.tell(startup_s=round(startup_s, 2), lost_s=round(told, 3), **figures)


async def lost(client: Any, worker: str, pid: int) -> float:
    """Kill the worker while a call runs there; return seconds until the call says so."""
    import probe_dask

    call = asyncio.ensure_future(client.run(probe_dask.hang, workers=[worker], on_error="return"))
    await asyncio.sleep(0.5)
    killed = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    answer = await call
    if not isinstance(answer[worker], Exception):
        raise RuntimeError(f"the killed worker answered {answer}")
    return time.perf_counter() - killed


if __name__ == "__main__":
    main()
