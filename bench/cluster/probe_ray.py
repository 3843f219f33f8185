"""Measure Ray: a head node and two actors, one process each."""

from __future__ import annotations

import os
import signal
import threading
import time

import measuring
import ray


@ray.remote(num_cpus=0)
class Worker:
    def clock(self) -> int:
        return time.monotonic_ns()

    def pid(self) -> int:
        return os.getpid()

    def chunk(self) -> bytes:
        return measuring.CHUNK

    def hang(self) -> None:
        threading.Event().wait(1000)


def main() -> None:
    began = time.perf_counter()
    folder = os.path.dirname(os.path.abspath(__file__))
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False,
        object_store_memory=200 * 1024 * 1024,
        runtime_env={"env_vars": {"PYTHONPATH": folder}},
    )  # fmt: skip
    try:
        one, two = Worker.remote(), Worker.remote()
        ray.get([one.clock.remote(), two.clock.remote()])
        startup_s = time.perf_counter() - began
        figures = measuring.round_trips(lambda: int(ray.get(one.clock.remote())))
        figures |= measuring.chunks(lambda: len(ray.get(one.chunk.remote())))
        pid = ray.get(two.pid.remote())
        call = two.hang.remote()
        threading.Event().wait(0.5)
        killed = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        try:
            ray.get(call)
        except ray.exceptions.RayActorError:
            lost_s = time.perf_counter() - killed
        measuring.tell(startup_s=round(startup_s, 2), lost_s=round(lost_s, 3), **figures)
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main()
