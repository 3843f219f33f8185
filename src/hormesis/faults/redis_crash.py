"""Crash a Redis server the way a defect in it would."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.faults.parts.life import lives_again
from hormesis.faults.parts.redis_fault import RedisFault
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading, RedisLook
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class RedisCrash(RedisFault):
    """Make a Redis server crash with a segmentation fault; on release it is started again.

    Unlike SIGKILL this takes the server's own way out: it stops answering, writes a crash report to
    its log, for which a large one tests its memory, and only then are its connections closed. What
    it had not yet written to its append-only file is lost. Use `kill` for a sudden end.
    """

    needs: ClassVar[frozenset[Facet]] = frozenset(
        {Facet.PROCESS, Facet.RESTARTABLE, Facet.REDIS}
    )
    mechanism: ClassVar[str] = "signal"
    momentary: ClassVar[bool] = True

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall("kill", {"subject": target.service, "signal": "SEGV", "tree": False})]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        running = ProcessLook(target.service or "")
        return running, EffectLook(), RedisLook(target.redis or "", ("INFO", "server"))

    def hurts(self, before: Reading, now: Reading) -> str:
        if now.get("state") == "gone" or now.get("pid") != before.get("pid"):
            return f"pid {before.get('pid')} crashed"
        return ""

    def healed(self, before: Reading, now: Reading) -> str:
        fresh = now.get("run_id") not in (None, before.get("run_id"))
        lives = lives_again(before, now)
        return f"{lives}, and it answers" if lives and fresh else ""
