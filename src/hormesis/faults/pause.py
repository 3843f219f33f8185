"""Pause a process: it keeps its connections but does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.words.fault import Fault
from hormesis.words.look import Look, ProcessLook, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class Pause(Fault):
    """Freeze a process and its children with SIGSTOP; on release they go on with SIGCONT.

    To its peers it looks hung, not gone: connections stay open and nothing answers.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS})
    mechanism: ClassVar[str] = "signal"

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall("pause", {"subject": target.service})]

    def look(self, target: Target) -> Look:
        return ProcessLook(target.service or "")

    def hurts(self, before: Reading, now: Reading) -> str:
        return f"pid {now.get('pid')} is stopped" if now.get("state") == "stopped" else ""

    def healed(self, before: Reading, now: Reading) -> str:
        if now.get("state") == "running":
            return f"pid {now.get('pid')} runs again"
        return ""
