"""File lock: somebody else holds the lock of a file, and whoever wants it waits."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, Reading
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class FileLock(Fault):
    """Hold the exclusive lock (``flock``) of a file below the target's folder.

    The program that holds it is a holder: its life is the fault, so the kernel itself lets the
    lock go when it ends, however it ends.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PATH})
    mechanism: ClassVar[str] = "flock"

    file: str = Field(min_length=1)
    """The file, relative to the target's folder."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        args = {
            "subject": target.name,
            "program": "hormesis_file_lock.lock_holder",
            "config": {"path": f"{target.path}/{self.file}"},
        }
        return [VerbCall("holder", args)]

    def look(self, target: Target) -> Look:
        return EffectLook()

    def hurts(self, before: Reading, now: Reading) -> str:
        waiting = now.get("waiting")
        return f"{waiting} processes wait for the lock of {self.file}" if waiting else ""

    def healed(self, before: Reading, now: Reading) -> str:
        return f"the lock of {self.file} is free" if now.get("ended") else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        waiting = now.get("waiting")
        return Measure(1.0, float(waiting), "waiting") if isinstance(waiting, int) else None
