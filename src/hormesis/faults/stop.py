"""Stop a service and start it again on release."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.faults.parts.life import lives_again
from hormesis.words.fault import Fault
from hormesis.words.look import Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds
from hormesis.words.verb import VerbCall


class Stop(Fault):
    """Stop a service the polite way (its stop signal, then SIGKILL after the grace).

    While it is stopped, connections to it are refused. On release it is started as before.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    mechanism: ClassVar[str] = "signal"

    grace: Seconds = 5.0
    """How long it may take to end by itself before it is killed."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall("stop", {"subject": target.service, "grace_s": self.grace})]

    def look(self, target: Target) -> Look:
        return ProcessLook(target.service or "")

    def hurts(self, before: Reading, now: Reading) -> str:
        return f"pid {before.get('pid')} has ended" if now.get("state") == "gone" else ""

    def healed(self, before: Reading, now: Reading) -> str:
        return lives_again(before, now)
