"""Restart a service: stop it and start it again."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.words.fault import Fault
from hormesis.words.look import Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.units import Seconds, Span
from hormesis.words.verb import VerbCall


class Restart(Fault):
    """Restart a service as a deployment would: stop signal, grace, start.

    With ``delay`` it stays down that long, and is back before ``for`` begins to count. Without, it
    stays down for as long as ``for`` says, or is started as soon as it has ended.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    momentary: ClassVar[bool] = True
    mechanism: ClassVar[str] = "signal"

    grace: Seconds = 5.0
    """How long it may take to end by itself before it is killed."""
    delay: Span | None = None
    """The time from its end to its start; scaled by ``--time-scale``."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {"subject": target.service, "grace_s": self.grace}
        if self.delay is not None:
            return [VerbCall("rerun", {**args, "delay_s": self.delay})]
        return [VerbCall("stop", args)]

    def look(self, target: Target) -> Look:
        return ProcessLook(target.service or "")

    def hurts(self, before: Reading, now: Reading) -> str:
        if now.get("state") == "gone" or now.get("generation") != before.get("generation"):
            return f"pid {before.get('pid')} has ended"
        return ""

    def healed(self, before: Reading, now: Reading) -> str:
        started = now.get("generation") != before.get("generation")
        if now.get("state") == "running" and started:
            return f"running again as pid {now.get('pid')}"
        return ""
