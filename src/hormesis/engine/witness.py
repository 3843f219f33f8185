"""Witness: writes down what the custodian tells by itself, and stops the run where it must end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hormesis.engine.clock import LoopClock
from hormesis.engine.injecting import Injection
from hormesis.engine.live import Live
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.history import REVERTED, ProcessRecord


class Witness:
    """Hears of processes that start and end, of programs that die, and of reverts."""

    def __init__(
        self,
        *,
        writer: HistoryWriter,
        clock: LoopClock,
        live: Live,
        injections: Callable[[], Sequence[Injection]],
        stop: Callable[[str, str], None],
        note: Callable[[str, str, str], None],
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._live = live
        self._injections = injections
        self._stop = stop
        self._note = note

    def heard(self, event: dict[str, Any]) -> None:
        """Record one event of the custodian."""
        moment = self._clock.at(float(event.get("at", 0.0)))
        sort = str(event["event"])
        if sort == "reverted":
            self._reverted(event, moment)
        elif sort == "ended":
            self._program_ended(event)
        elif sort in ("started", "exited"):
            self._process_changed(event, moment)
        else:
            told = f"{sort} {event.get('effect', '')}: {event.get('error', '')}"
            self._note("fatal", "custodian", told)

    def attached(self, service: str, pid: int) -> None:
        """Record that a service runs that nobody started, which the custodian tells nobody."""
        self._writer.process(ProcessRecord(service, self._clock.now(), "attached", pid=pid))

    def chosen(self, slot: str, pid: int) -> None:
        """Record which child a slot stands for from now on."""
        self._writer.process(ProcessRecord(slot, self._clock.now(), "chosen", pid=pid))

    def _process_changed(self, event: dict[str, Any], moment: float) -> None:
        failed_start = bool(event.get("failed_start", False))
        record = ProcessRecord(
            service=str(event.get("service", "")),
            time=moment,
            change=str(event["event"]),
            pid=int(event.get("pid") or 0),
            status=event.get("status"),
            planned=bool(event.get("planned", False)) or failed_start,
            failed_start=failed_start,
        )
        self._writer.process(record)
        if failed_start:
            told = f"{record.service} could not be started by this run, status {record.status}"
            self._live.say(moment, told)
        elif record.change == "exited" and not record.planned:
            self._live.say(moment, f"{record.service} ended by itself, status {record.status}")

    def _program_ended(self, event: dict[str, Any]) -> None:
        """Record that a program whose life is an effect has ended although nobody asked it to."""
        effect, error = str(event.get("effect", "")), str(event.get("error") or "")
        told = f"its program ended by itself, status {event.get('status')}"
        told = f"{told}: {error}" if error else told
        for injection in self._injections():
            if injection.holds(effect):
                injection.mark(trouble=told)
                return
        self._note("fatal", effect, told)
        self._stop("program-died", f"{effect}: {told}")

    def _reverted(self, event: dict[str, Any], moment: float) -> None:
        effect, because = str(event.get("effect", "")), str(event.get("because", ""))
        self._note("fatal", "custodian", f"{REVERTED}{effect} behind the engine's back: {because}")
        for injection in self._injections():
            if injection.holds(effect):
                injection.mark(released=moment, released_by=f"custodian: {because}")
        if because == "lease":
            self._stop("lease-lost", "the engine did not renew its lease in time")
