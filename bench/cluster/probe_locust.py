"""Measure Locust's master and worker: messages of one's own between a master and two workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import gevent
import measuring
from gevent.event import AsyncResult
from locust import User
from locust.env import Environment

PORT = 25557


class Idle(User):
    """A user that is never started."""


def work() -> None:
    environment = Environment(user_classes=[Idle])
    runner = environment.create_worker_runner("127.0.0.1", PORT)

    def asked(environment: Any, msg: Any, **more: Any) -> None:
        answer = {"clock": time.monotonic_ns(), "pid": os.getpid()}
        if msg.data == "chunk":
            answer["chunk"] = measuring.CHUNK
        runner.send_message("answer", answer)

    runner.register_message("ask", asked)
    runner.greenlet.join()


def main() -> None:
    began = time.perf_counter()
    environment = Environment(user_classes=[Idle])
    runner = environment.create_master_runner("127.0.0.1", PORT)
    waiting: list[Any] = []
    runner.register_message("answer", lambda environment, msg, **more: waiting.pop().set(msg.data))
    them = [subprocess.Popen([sys.executable, __file__, "work"]) for _ in range(2)]
    try:
        while runner.worker_count < 2:
            gevent.sleep(0.01)

        def ask(what: str, worker: str) -> Any:
            waiting.append(AsyncResult())
            result = waiting[-1]
            runner.send_message("ask", what, worker)
            return result.get(timeout=30)

        first, second = list(runner.clients)
        ask("clock", first)
        ask("clock", second)
        startup_s = time.perf_counter() - began
        figures = measuring.round_trips(lambda: int(ask("clock", first)["clock"]))
        figures |= measuring.chunks(lambda: len(ask("chunk", first)["chunk"]))
        pid = ask("clock", second)["pid"]
        killed = time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        while len(runner.clients) > 1 and runner.clients[second].state != "missing":
            gevent.sleep(0.01)
        lost_s = time.perf_counter() - killed
        measuring.tell(startup_s=round(startup_s, 2), lost_s=round(lost_s, 3), **figures)
    finally:
        for one in them:
            one.kill()
            one.wait()
        os._exit(0)


if __name__ == "__main__":
    work() if sys.argv[1:] == ["work"] else main()
