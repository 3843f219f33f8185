"""Crash a server while it owes somebody an answer."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.faults.parts.life import lives_again
from hormesis.words.fault import Fault, Mechanism
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class CrashInFlight(Fault):
    """Kill a server with its process tree while a request is in flight; on release it is started.

    A request is in flight when the kernel has counted bytes received on one of the server's TCP
    connections and none sent since. The server is stopped for a moment and looked at once more, so
    that the answer is certainly still owed when it is killed.
    """

    momentary: ClassVar[bool] = True
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    mechanism: ClassVar[str] = "socket-diagnostics"

    age: Seconds = 0.0
    """How long the request must have been in flight."""
    back: bool = True
    """Start it again on release; false when the system's own supervisor must do it."""

    def ways(self) -> tuple[Mechanism, ...]:
        needs = self.needs if self.back else frozenset({Facet.PROCESS})
        return (Mechanism(self.mechanism, needs),)

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        promise = VerbCall("rerun", {"subject": target.service, "stop": False, "start": "undo"})
        return [
            *([promise] if self.back else []),
            # Makes good for a holder that is killed between stopping and killing.
            VerbCall("pause", {"subject": target.service, "stop": False}),
            VerbCall("holder", {
                "subject": target.service, "program": "crash_in_flight",
                "process": target.service, "config": {"age_s": self.age},
            }),
        ]  # fmt: skip

    def look(self, target: Target) -> tuple[Look, ...]:
        return (EffectLook(), ProcessLook(target.service or ""))

    def hurts(self, before: Reading, now: Reading) -> str:
        if not now.get("killed"):
            return ""
        owed = f"{now.get('in_flight')} requests of {now.get('bytes')} bytes unanswered"
        return f"killed with {owed}, the oldest for {now.get('age_ms')} ms"

    def healed(self, before: Reading, now: Reading) -> str:
        return lives_again(before, now, ours=self.back)
