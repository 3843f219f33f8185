"""``never: exit``: no service ended by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import ClassVar

from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History, ProcessRecord
from hormesis.words.outcome import Outcome

_SEEN = frozenset({"started", "attached"})


class NeverExit(Check):
    """No service of a name ended unless we ended it.

    The evidence is that the service was seen to start, or was attached to. A start by this run that
    came to nothing is no end of the service; but nobody sees then whether it would have stayed up.
    Nor does anybody when the system never came up: a port in use may be why.
    """

    judges_live: ClassVar[bool] = True

    refers: ClassVar[Mapping[str, str]] = {"of": "service"}

    of: str
    """The service's name, or a pattern such as `bot-*`."""
    advice: str = (
        "Read the service's log from before its end; catch the lost connection where it surfaces "
        "and reconnect instead of ending the process."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"{self.of} never exits by itself"

    def judge(self, history: History) -> Verdict:
        """Fail with every unplanned exit."""
        records = [one for one in history.processes if fnmatchcase(one.service, self.of)]
        seen = {one.service for one in records if one.change in _SEEN}
        exits = [one for one in records if one.change == "exited" and not one.planned]
        if not seen and not exits:
            return self.verdict(Outcome.UNKNOWN, f"no service {self.of!r} was seen to run")
        findings = [_finding(one, history) for one in exits]
        services = f"{len(seen)} service{'s' * (len(seen) != 1)}"
        outcome, told = Outcome.PASS, f"none of {services} ended by itself"
        if exits and (history.end or {}).get("reason") == "failed-to-start":
            outcome = Outcome.UNKNOWN
            told = f"{findings[0].sentence}, and the system never came up"
        elif exits:
            outcome, told = Outcome.FAIL, findings[0].sentence
        elif unstarted := _unstarted(records, history):
            outcome = Outcome.UNKNOWN
            findings = [_not_started(one) for one in unstarted]
            told = f"{findings[0].sentence}; {told} before that"
        return self.verdict(outcome, told, findings, services=len(seen), exits=len(exits))


def _unstarted(records: Sequence[ProcessRecord], history: History) -> list[ProcessRecord]:
    """Return the last record of each service that this run could not start, and left so.

    That it is tried again while everything is put back changes nothing of what was seen before.
    """
    closing = [phase.start for phase in history.phases if phase.name == "closing"]
    until = min(closing, default=float("inf"))
    last = {one.service: one for one in records if one.time < until}
    return [one for one in last.values() if one.failed_start]


def _not_started(one: ProcessRecord) -> Finding:
    return Finding(
        f"this run ended {one.service} and could not start it again at {one.time:.1f} s, "
        f"{_told(one.status)}, so nobody knows whether it would have stayed up",
        (f"{one.time:.3f} s",),
        {"service": one.service, "pid": one.pid, "status": one.status, "time": one.time},
    )


def _finding(one: ProcessRecord, history: History) -> Finding:
    faults = [
        fault
        for fault in history.faults
        if fault.window and fault.window[0] <= one.time <= fault.window[1]
    ]
    during = f", during {', '.join(fault.id for fault in faults)}" if faults else ""
    return Finding(
        f"{one.service} (pid {one.pid}) ended by itself at {one.time:.1f} s, "
        f"{_told(one.status)}{during}",
        (f"{one.time:.3f} s", *(fault.id for fault in faults)),
        {"service": one.service, "pid": one.pid, "status": one.status, "time": one.time},
    )


def _told(status: int | None) -> str:
    if status is None:
        return "status unknown"
    return f"by signal {-status}" if status < 0 else f"with status {status}"
