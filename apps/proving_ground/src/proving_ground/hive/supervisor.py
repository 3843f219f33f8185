"""Start workers as child processes, replace the dead, drain what is too many."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import Process

from proving_ground.hive.canaries import DRAIN_WAITS_FOR_EVER, OOM_NOTICED_ONCE
from proving_ground.hive.deaths import OutOfMemoryKills
from proving_ground.hive.metrics import HiveMetrics
from proving_ground.hive.roster import (
    CRASHED,
    DRAINING,
    OOM,
    READY,
    SHUTDOWN_TIMEOUT,
    STOPPED,
    Refused,
    Roster,
    Worker,
)
from proving_ground.hive.settings import HiveSettings

_LOG = logging.getLogger(__name__)
_EVERY_S = 0.1
_BACKOFF_FIRST_S = 0.25
_BACKOFF_MOST_S = 4.0
_LAST_GRACE_S = 2.0
_DRAIN_MORE_S = 0.5
WORKERS_MAX = 64


class Supervisor:
    """Keeps as many workers alive as are wanted; each is a child of the hive's own process."""

    def __init__(self, settings: HiveSettings, roster: Roster, metrics: HiveMetrics) -> None:
        self._settings = settings
        self._roster = roster
        self._metrics = metrics
        self._wanted = settings.workers
        self._kills = OutOfMemoryKills()
        self._children: dict[str, Process] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._causes: dict[str, str] = {}
        self._kill_at_s: dict[str, float] = {}
        self._number = 0
        self._oom_told = False
        self._backoff_s = 0.0
        self._not_before_s = 0.0
        metrics.wanted.set(settings.workers)

    @property
    def wanted(self) -> int:
        """How many workers there should be."""
        return self._wanted

    def scale(self, workers: int) -> None:
        """Want so many workers from now on; the youngest are drained first."""
        self._wanted = workers
        self._metrics.wanted.set(workers)

    def drain(self, name: str) -> None:
        """Let one worker finish what it has and stop it; another takes its place.

        Raises ``Refused`` when there is none of that name.
        """
        self._roster.drain(name)
        self._send(name, signal.SIGTERM)
        if DRAIN_WAITS_FOR_EVER not in self._settings.canaries:
            self._kill_at_s[name] = time.monotonic() + self._settings.grace_s + _DRAIN_MORE_S

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            now_s = time.monotonic()
            self._end_overdue(now_s)
            self._drain_surplus()
            try:
                await self._start_missing(now_s)
            except OSError as error:
                _LOG.warning("cannot start a worker: %s", error)
                self._back_off(now_s)
            await asyncio.sleep(_EVERY_S)

    async def stop(self) -> None:
        """End all workers: politely first, by force after a moment."""
        for name in self._children:
            self._causes[name] = STOPPED
            self._send(name, signal.SIGINT)
        if self._watches:
            grace_s = min(self._settings.grace_s, _LAST_GRACE_S)
            _done, left = await asyncio.wait(set(self._watches), timeout=grace_s)
            if left:
                for name in self._children:
                    self._send(name, signal.SIGKILL)
                await asyncio.wait(left, timeout=1.0)

    def _end_overdue(self, now_s: float) -> None:
        for worker, cause in self._roster.overdue(now_s):
            if worker.name not in self._causes:
                _LOG.warning("%s (pid %d) is %s: killed", worker.name, worker.pid, cause)
                self._causes[worker.name] = cause
                self._send(worker.name, signal.SIGKILL)
        for name, when_s in list(self._kill_at_s.items()):
            if now_s >= when_s:
                del self._kill_at_s[name]
                self._causes[name] = SHUTDOWN_TIMEOUT
                self._send(name, signal.SIGKILL)

    def _drain_surplus(self) -> None:
        living = [one for one in self._roster.workers if one.state != DRAINING]
        for worker in living[max(0, self._wanted) :]:
            with contextlib.suppress(Refused):
                self.drain(worker.name)

    async def _start_missing(self, now_s: float) -> None:
        living = sum(one.state != DRAINING for one in self._roster.workers)
        for _ in range(living, self._wanted):
            if now_s < self._not_before_s:
                return
            await self._start()

    async def _start(self) -> None:
        self._number += 1
        name = f"worker-{self._number}"
        port = self._port()
        command = [sys.executable, "-m", "proving_ground", "worker", "--name", name]
        command += ["--port", str(port), "--hive-url", self._settings.url]
        command += ["--host", self._settings.host]
        if self._settings.worker_host:
            command += ["--announce-host", self._settings.worker_host]
        command += ["--grace", f"{self._settings.grace_s:g}s"]
        if self._settings.memory_limit:
            command += ["--memory-limit", self._settings.memory_limit]
        if self._settings.canaries:
            command += ["--canary", ",".join(sorted(self._settings.canaries))]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, env=_environment(self._settings)
        )
        now_s = time.monotonic()
        self._roster.started(name, process.pid, now_s)
        self._children[name] = process
        self._metrics.started.inc()
        watch = asyncio.create_task(self._watch(name, process), name=name)
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)

    async def _watch(self, name: str, process: Process) -> None:
        """Wait for the end of a worker and take note of it."""
        status = await process.wait()
        now_s = time.monotonic()
        worker = next((one for one in self._roster.workers if one.name == name), None)
        cause = self._kills.cause_of(status)
        if cause == OOM:
            if self._oom_told and OOM_NOTICED_ONCE in self._settings.canaries:
                cause = CRASHED
            self._oom_told = True
        planned = self._causes.pop(name, None)
        if planned is not None:
            cause = planned
        elif cause == CRASHED and worker is not None and worker.state == DRAINING and status == 0:
            cause = STOPPED
        self._children.pop(name, None)
        self._kill_at_s.pop(name, None)
        if cause == CRASHED:
            self._after_crash(worker, now_s)
        if self._roster.died(name, cause, status, now_s):
            self._metrics.deaths.labels(cause).inc()
            _LOG.warning("%s (pid %d) ended with %d: %s", name, process.pid, status, cause)

    def _after_crash(self, worker: Worker | None, now_s: float) -> None:
        """Start the next one at once, unless workers die before they were ever ready."""
        if worker is not None and worker.state == READY:
            self._backoff_s = 0.0
        else:
            self._back_off(now_s)

    def _back_off(self, now_s: float) -> None:
        self._backoff_s = min(_BACKOFF_MOST_S, max(_BACKOFF_FIRST_S, 2 * self._backoff_s))
        self._not_before_s = now_s + self._backoff_s

    def _send(self, name: str, number: signal.Signals) -> None:
        process = self._children.get(name)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    def _port(self) -> int:
        base = self._settings.worker_base_port
        if base is not None:
            return base + self._number - 1
        # Somebody may take it before the worker does; the worker then ends and is replaced.
        with socket.socket() as probe:
            probe.bind((self._settings.host, 0))
            port: int = probe.getsockname()[1]
            return port


def _environment(settings: HiveSettings) -> dict[str, str]:
    """Return the workers' environment: what the hive was told is given on their command line.

    But not the database's address, which may hold a password that everybody could read there.
    """
    own = "PORT HOST ANNOUNCE_HOST DATA WORKERS CANARY DATABASE_URL HIVE_URL MEMORY_LIMIT"
    hidden = {f"PROVING_GROUND_{name}" for name in own.split()}
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return {**kept, "PROVING_GROUND_DATABASE_URL": settings.database_url or ""}
