"""Redis faults: what they have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from random import Random
from typing import ClassVar

from hormesis.words.fault import Fault, Measure
from hormesis.words.look import EffectLook, Look, Reading, RedisLook, number
from hormesis.words.target import Facet, Target
from hormesis.words.verb import VerbCall


class RedisFault(Fault):
    """A fault that talks to the target's Redis server."""

    driver: ClassVar[str] = "redis"
    extra: ClassVar[str] = "redis"
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.REDIS})
    mechanism: ClassVar[str] = "command"

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        return EffectLook(), RedisLook(target.redis or "", ("INFO", "server"))

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that nobody disturbs the server any more and that it answers."""
        if not now.get("ended") or "run_id" not in now:
            return ""
        return "the program that did it has ended, and the server answers"


class RedisStallFault(RedisFault):
    """A fault that stops the server from answering, for a while each time."""

    @abstractmethod
    def stall(self) -> tuple[str, float, float]:
        """Return how, how long each, and how long from one to the next; in seconds."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        how, each_s, every_s = self.stall()
        config = {"url": target.redis, "how": how, "each_s": each_s, "every_s": every_s}
        args = {"subject": target.name, "program": "redis_stall", "config": config}
        return [VerbCall("holder", args)]

    def hurts(self, before: Reading, now: Reading) -> str:
        if not number(now, "seen"):
            return ""
        _, each_s, _ = self.stall()
        return (
            f"{now.get('seen')} of {now.get('stalls')} stalls by {now.get('way')} felt by another"
            f" connection, the longest {now.get('held_ms')} ms (asked {1000 * each_s:g} ms)"
        )

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        held_ms = number(now, "held_ms")
        return None if held_ms is None else Measure(1000 * self.stall()[1], held_ms, "ms")


class RedisSettingFault(RedisFault):
    """A fault that changes settings of the running server, and refuses writes by that."""

    @abstractmethod
    def settings(self) -> list[tuple[str, str]]:
        """Return the settings in the order in which they are made."""

    @abstractmethod
    def refusal(self) -> str:
        """Return the word with which the server's refusal of a write begins."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {"url": target.redis, "settings": [list(one) for one in self.settings()]}
        args = {
            "subject": target.name,
            "program": "redis_setting",
            "capture": {**config, "action": "read"},
            "do": {**config, "action": "set", "try_key": f"hormesis-probe:{rng.getrandbits(32)}"},
            "undo": {**config, "action": "restore"},
        }
        return [VerbCall("program", args)]

    def look(self, target: Target) -> Look | tuple[Look, ...]:
        # Each setting is read by itself: a pattern for several is understood by newer servers only.
        url = target.redis or ""
        now = (RedisLook(url, ("CONFIG", "GET", name)) for name, _ in self.settings())
        return EffectLook(), *now

    def hurts(self, before: Reading, now: Reading) -> str:
        refused = str(now.get("refused") or "")
        if not refused.startswith(self.refusal()) or not self._set(now):
            return ""
        told = ", ".join(f"{name} is {text}" for name, text in self.settings())
        return f"{told}; a write was refused: {refused[:80]}"

    def healed(self, before: Reading, now: Reading) -> str:
        names = [name for name, _ in self.settings()]
        if not now.get("ended") or any(now.get(one) != before.get(one) for one in names):
            return ""
        return ", ".join(f"{name} is {now.get(name)} again" for name in names)

    def _set(self, now: Reading) -> bool:
        return all(str(now.get(name)) == text for name, text in self.settings())
