"""Kill a process, at once and without warning."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar, Literal

from hormesis.words.fault import Fault
from hormesis.words.look import Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class Kill(Fault):
    """Send SIGKILL (or another signal) to a process; on release it is started again.

    The process gets no chance to clean up. Work that it held must be picked up by others.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS})
    momentary: ClassVar[bool] = True
    mechanism: ClassVar[str] = "signal"

    signal: Literal["KILL", "TERM", "INT", "QUIT", "ABRT", "SEGV"] = "KILL"
    """The signal to send."""
    tree: bool = False
    """Kill its child processes too."""
    back: bool = True
    """Start it again on release; false when the system's own supervisor must do it. Needs a target
    that can be started: one of ours, or an attached one with `start:`."""

    def needed(self) -> frozenset[Facet]:
        # A promise to start it again is kept or refused, never dropped.
        return self.needs | {Facet.RESTARTABLE} if self.back else self.needs

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {
            "subject": target.service,
            "signal": self.signal,
            "tree": self.tree,
            "back": self.back,
        }
        return [VerbCall("kill", args)]

    def look(self, target: Target) -> Look:
        return ProcessLook(target.service or "")

    def hurts(self, before: Reading, now: Reading) -> str:
        if now.get("state") == "gone" or now.get("pid") != before.get("pid"):
            return f"pid {before.get('pid')} is gone"
        return ""

    def healed(self, before: Reading, now: Reading) -> str:
        if not self.back:
            return "not ours to start again (`back: false`)"
        if now.get("state") == "running" and now.get("pid") != before.get("pid"):
            return f"running again as pid {now.get('pid')}"
        return ""
