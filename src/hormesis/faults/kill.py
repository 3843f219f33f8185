"""Kill a process, at once and without warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import ClassVar, Literal

from hormesis.faults.parts.life import lives_again
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class Kill(Fault):
    """Send SIGKILL (or another signal) to a process; on release it is started again.

    The process gets no chance to clean up. Work that it held must be picked up by others. By
    ``cgroup-kill`` the kernel ends the whole process tree in one instant, whatever it forks
    meanwhile; ``tree`` hits every process that is there, within a fraction of a millisecond.
    """

    momentary: ClassVar[bool] = True
    mechanisms: ClassVar[tuple[Mechanism, ...]] = (
        Mechanism("signal", frozenset({Facet.PROCESS, Facet.RESTARTABLE})),
        Mechanism(
            "cgroup-kill", frozenset({Facet.PROCESS, Facet.RESTARTABLE}), frozenset({"cgroup-kill"})
        ),
    )

    signal: Literal["KILL", "TERM", "INT", "QUIT", "ABRT", "SEGV"] = "KILL"
    """The signal to send."""
    tree: bool = False
    """Kill its child processes too, all in one sweep."""
    back: bool = True
    """Start it again on release; false when the system's own supervisor must do it. Needs a target
    that can be started: one of ours, or an attached one with `start:`."""

    def ways(self) -> tuple[Mechanism, ...]:
        # A promise to start it again is kept or refused, never dropped.
        needs = frozenset({Facet.PROCESS, Facet.RESTARTABLE} if self.back else {Facet.PROCESS})
        able = self.mechanisms if self.signal == "KILL" else self.mechanisms[:1]
        return tuple(replace(way, needs=needs) for way in able)

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        if self.by == "cgroup-kill":
            kill = VerbCall("cgroup", {"subject": target.service, "controller": "kill"})
            promise = {"subject": target.service, "stop": False, "start": "undo"}
            return [VerbCall("rerun", promise), kill] if self.back else [kill]
        args = {
            "subject": target.service,
            "signal": self.signal,
            "tree": self.tree,
            "back": self.back,
        }
        return [VerbCall("kill", args)]

    def look(self, target: Target) -> tuple[Look, ...]:
        return (EffectLook(), ProcessLook(target.service or ""))

    def hurts(self, before: Reading, now: Reading) -> str:
        if now.get("state") != "gone" and now.get("pid") == before.get("pid"):
            return ""
        if now.get("killed"):
            return f"pid {before.get('pid')} is gone, {now['killed']} processes in one instant"
        if self.tree and now.get("signalled"):
            spread = f"{now['signalled']} processes within {now.get('spread_ms')} ms"
            return f"pid {before.get('pid')} is gone, {spread}"
        return f"pid {before.get('pid')} is gone"

    def healed(self, before: Reading, now: Reading) -> str:
        return lives_again(before, now, ours=self.back)
