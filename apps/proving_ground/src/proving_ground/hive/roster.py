"""Who the workers are and what each is doing, as the hive knows it; pure, time is given."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proving_ground.hive.canaries import (
    HIVE_KEEPS_THE_DEAD,
    OOM_NOT_REMOVED,
    REGISTRATION_HALF_DONE,
    WORKER_COUNT_WRONG,
)

STARTING = "starting"
ANNOUNCED = "announced"
READY = "ready"
DRAINING = "draining"
DEAD = "dead"
STATES = (STARTING, ANNOUNCED, READY, DRAINING, DEAD)

OOM = "oom"
CRASHED = "crashed"
SILENT = "silent"
NEVER_REGISTERED = "never-registered"
STOPPED = "stopped"
SHUTDOWN_TIMEOUT = "shutdown-timeout"
CAUSES = (OOM, CRASHED, SILENT, NEVER_REGISTERED, STOPPED, SHUTDOWN_TIMEOUT)

_DEAD_KEPT = 50


class Refused(Exception):
    """The hive does not know the worker that speaks, or not any more."""


@dataclass(slots=True)
class Worker:
    """One worker process; times in seconds of the hive's own clock."""

    name: str
    pid: int
    began_s: float
    heard_s: float
    host: str = "127.0.0.1"
    port: int = 0
    token: str = ""
    state: str = STARTING
    cause: str = ""
    exit_status: int | None = None
    ended_s: float = 0.0

    def document(self, now_s: float) -> dict[str, Any]:
        """Return what the hive says about it."""
        told: dict[str, Any] = {
            "name": self.name,
            "pid": self.pid,
            "state": self.state,
            "url": f"http://{self.host}:{self.port}" if self.port else None,
            "age_s": round(now_s - self.began_s, 3),
        }
        if self.state == DEAD:
            told |= {"cause": self.cause, "exit_status": self.exit_status}
            told["dead_for_s"] = round(now_s - self.ended_s, 3)
        else:
            told["silent_for_s"] = round(now_s - self.heard_s, 3)
        return told


class Roster:
    """The living workers by name, and the last of the dead."""

    def __init__(
        self,
        canaries: frozenset[str],
        *,
        registration_timeout_s: float,
        heartbeat_timeout_s: float,
    ) -> None:
        self._canaries = canaries
        self._registration_timeout_s = registration_timeout_s
        self._heartbeat_timeout_s = heartbeat_timeout_s
        self._workers: dict[str, Worker] = {}
        self._dead: deque[Worker] = deque(maxlen=_DEAD_KEPT)
        self._overlooked: set[str] = set()

    @property
    def workers(self) -> Sequence[Worker]:
        """The living ones, oldest first."""
        return tuple(self._workers.values())

    def started(self, name: str, pid: int, now_s: float) -> None:
        """Note a process that was started; it has yet to announce itself."""
        self._workers[name] = Worker(name, pid, began_s=now_s, heard_s=now_s)

    def announce(self, name: str, host: str, port: int, now_s: float) -> str:
        """Note the first step of a registration; return the token for the second.

        Raises ``Refused`` for a worker that the hive did not start or that is dead.
        """
        worker = self._known(name)
        if worker.state == DRAINING:
            raise Refused(f"{name} is being drained")
        worker.host, worker.port, worker.heard_s = host, port, now_s
        worker.token = secrets.token_hex(8)
        if worker.state == STARTING:
            # The time for the second step counts from the start, however often it announces.
            worker.state = ANNOUNCED
        if REGISTRATION_HALF_DONE in self._canaries:
            worker.state = READY
        return worker.token

    def acknowledge(self, name: str, token: str, now_s: float) -> None:
        """Note the second step: from now on the worker is given work; raises ``Refused``."""
        worker = self._known(name)
        self._speaks(worker, token)
        worker.heard_s = now_s
        if worker.state == ANNOUNCED:
            worker.state = READY

    def heartbeat(self, name: str, token: str, now_s: float) -> None:
        """Note that a worker lives; raises ``Refused`` when it has to register anew."""
        worker = self._known(name)
        self._speaks(worker, token)
        worker.heard_s = now_s

    def drain(self, name: str) -> Worker:
        """Give a worker no more work; raises ``Refused`` when there is none of that name."""
        worker = self._known(name)
        worker.state = DRAINING
        return worker

    def died(self, name: str, cause: str, exit_status: int | None, now_s: float) -> bool:
        """Remove a worker whose process has ended; return whether the hive took notice."""
        worker = self._workers.get(name)
        if worker is None:
            return False
        if HIVE_KEEPS_THE_DEAD in self._canaries or (
            cause == OOM and OOM_NOT_REMOVED in self._canaries
        ):
            self._overlooked.add(name)
            return False
        del self._workers[name]
        worker.state, worker.cause = DEAD, cause
        worker.exit_status, worker.ended_s = exit_status, now_s
        self._dead.append(worker)
        return True

    def overdue(self, now_s: float) -> Sequence[tuple[Worker, str]]:
        """Return the workers that cannot be waited for any longer, each with the cause."""
        late: list[tuple[Worker, str]] = []
        for worker in self._workers.values():
            if worker.state in (STARTING, ANNOUNCED):
                if now_s - worker.began_s > self._registration_timeout_s:
                    late.append((worker, NEVER_REGISTERED))
            elif worker.state == READY and now_s - worker.heard_s > self._heartbeat_timeout_s:
                late.append((worker, SILENT))
        return tuple(one for one in late if one[0].name not in self._overlooked)

    def counts(self) -> Mapping[str, int]:
        """Return how many workers there are in each state; the dead are those remembered."""
        found = dict.fromkeys(STATES, 0)
        for worker in self._workers.values():
            found[worker.state] += 1
        found[DEAD] = len(self._dead)
        if WORKER_COUNT_WRONG in self._canaries:
            found[READY] += len(self._dead)
        return found

    def documents(self, now_s: float) -> Sequence[Mapping[str, Any]]:
        """Return what the hive says about the living."""
        return [worker.document(now_s) for worker in self._workers.values()]

    def dead_documents(self, now_s: float) -> Sequence[Mapping[str, Any]]:
        """Return what the hive says about the last of the dead."""
        return [worker.document(now_s) for worker in self._dead]

    def _known(self, name: str) -> Worker:
        worker = self._workers.get(name)
        if worker is None:
            raise Refused(f"{name} is not a worker of this hive, or not any more")
        return worker

    def _speaks(self, worker: Worker, token: str) -> None:
        if not worker.token or not secrets.compare_digest(worker.token, token):
            raise Refused(f"{worker.name} has to announce itself anew")
