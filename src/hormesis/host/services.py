"""The services of one run: start, stop, watch, and start again what fell over by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from hormesis.host.children import Children
from hormesis.host.process import Identity, ended, send, signal_number
from hormesis.host.service import BACKOFF_S, BACKOFF_S_MAX, STEADY_S, Service
from hormesis.host.spawn import size_of, spawn_gated, tail_of
from hormesis.host.steps import Steps
from hormesis.host.tree import kill_tree
from hormesis.host.verb_protocol import Facts, NothingDone, VerbFailed

_SETTLE_S = 0.1
"""How long a start is watched: what cannot start at all has usually said so by then."""

_NOT_EXECUTED = frozenset({126, 127})
"""How the shell at the gate ends when it cannot execute the program."""

Note = Callable[[Facts], None]
Tell = Callable[[dict[str, Any]], None]


class Services:
    """Services by name. ``tell`` is given every event; a replay has nobody to tell."""

    def __init__(self, run: str, children: Children, tell: Tell | None = None) -> None:
        self.run = run
        self.children = children
        self._tell = tell or (lambda event: None)
        self._by_name: dict[str, Service] = {}

    def __iter__(self) -> Iterator[Service]:
        return iter(self._by_name.values())

    def find(self, name: str) -> Service | None:
        """Return the service called *name*, or None; looks for an adopted one's successor."""
        service = self._by_name.get(name)
        if service is not None and service.find_again():
            self._say_started(service)
        return service

    def need(self, name: str) -> Service:
        """Return the service called *name*.

        Raises:
            NothingDone: there is none.
        """
        service = self.find(name)
        if service is None:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise NothingDone(f"the custodian knows no service {name!r}; known: {known}")
        return service

    def add(self, service: Service) -> None:
        """Make *service* known; one of the same name that has ended is replaced."""
        self._by_name[service.name] = service

    def withdraw(self, service: Service) -> None:
        """Forget *service*, unless its name stands for another one by now."""
        if self._by_name.get(service.name) is service:
            del self._by_name[service.name]

    def start(self, service: Service, note: Note) -> Steps[Identity]:
        """Start *service*; ``note`` makes the new process durable before its program runs.

        Raises:
            NothingDone: no process came to be.
            VerbFailed: it ended at once; the end of its log says why.
        """
        said = size_of(service.log)
        gated = spawn_gated(
            self.children, service.run,
            env=service.environment(self.run, os.environ), cwd=service.cwd, log=service.log,
        )  # fmt: skip
        try:
            note({"process": gated.who.to_json(), "generation": service.generation + 1})
            service.process = gated.who
            service.generation += 1
            service.told_end, service.status = False, None
            service.wanted, service.expected, service.restart_at = True, False, None
            service.since = time.monotonic()
            service.starting = True
            gated.open()
        finally:
            gated.drop()
        self._say_started(service)
        if (yield from ended([gated.who], service.since + _SETTLE_S)):
            status = self.children.status_of(gated.who.pid)
            status = service.status if service.told_end else status
            raise VerbFailed(
                f"service {service.name!r} ended at once with status {status}: "
                f"{tail_of(service.log, since=said) or 'it said nothing'}"
            )
        service.starting = False
        return gated.who

    def stop(self, service: Service, *, number: int, grace_s: float) -> Steps[int]:
        """Ask *service* to end, after ``grace_s`` kill its tree; return how many were killed.

        Raises:
            TimeoutError: something did not die.
        """
        service.wanted, service.expected, service.restart_at = False, True, None
        known = service.members(self.run)
        if service.process is not None and send(service.process, number):
            yield from ended([service.process], time.monotonic() + grace_s)
        mark = f"{self.run}/{service.effect}" if service.owned else ""
        return (yield from kill_tree(
            service.process, session=service.owned, mark=mark, known=known
        ))  # fmt: skip

    def exited(self, pid: int) -> None:
        """Tell of the end of a service's main process and plan its restart."""
        for service in self:
            if service.process and service.process.pid == pid and not service.told_end:
                self._ended(service, self.children.status_of(pid))
                self.children.forget(pid)
                return

    def vanished(self) -> None:
        """Tell of services that have ended and whose status nobody hands in: adopted ones."""
        for service in self:
            if service.process and service.process.pid in self.children:
                continue
            if service.process and not service.told_end and service.state == "gone":
                self._ended(service, None)

    def due(self, now: float) -> list[Service]:
        """Return the services whose restart is due, in seconds of CLOCK_MONOTONIC."""
        return [
            service for service in self
            if service.restart_at is not None and service.restart_at <= now
        ]  # fmt: skip

    def put_off(self, service: Service, now: float) -> None:
        """Plan the next restart of *service*, later each time it fails to stay up."""
        delay = min(BACKOFF_S * 2**service.failures, BACKOFF_S_MAX)
        service.failures += 1
        service.restart_at = now + delay

    def _ended(self, service: Service, status: int | None) -> None:
        now = time.monotonic()
        event = {
            "event": "exited", "service": service.name, "status": status,
            "pid": service.process.pid if service.process else None,
            "planned": service.expected, "failed_start": _failed_start(service, status), "at": now,
        }  # fmt: skip
        service.told_end, service.status = True, status
        if now - service.since > STEADY_S:
            service.failures = 0
        if service.restart and service.wanted and service.startable:
            self.put_off(service, now)
        self._tell(event)

    def _say_started(self, service: Service) -> None:
        self._tell({
            "event": "started", "service": service.name, "generation": service.generation,
            "pid": service.process.pid if service.process else None, "at": time.monotonic(),
        })  # fmt: skip


def _failed_start(service: Service, status: int | None) -> bool:
    """Return whether a start by this run came to nothing, which says nothing of the system.

    How one that was attached to is started is only told to this run. Of the system's own programs
    it must have been the shell that found nothing to execute.
    """
    return service.starting and (not service.owned or status in _NOT_EXECUTED)


def number_of(name: str) -> int:
    """Return a signal's number, refusing an unknown name before anything is done.

    Raises:
        NothingDone: there is no such signal.
    """
    try:
        return signal_number(name)
    except ValueError as error:
        raise NothingDone(str(error)) from None
