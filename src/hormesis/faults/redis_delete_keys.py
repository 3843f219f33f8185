"""Delete keys of a Redis database."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.redis_fault import RedisFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number
from hormesis.words.target import Target
from hormesis.words.verb import VerbCall


class RedisDeleteKeys(RedisFault):
    """Delete the keys that fit a pattern: a lock is lost, a cache is cold, a queue is gone.

    With ``restore`` the keys are renamed to names of ours instead, which takes them away just as
    well, and on release those that nobody has made anew get their names back; their time to live
    runs on meanwhile. Only the database that the target's address names is touched.
    """

    momentary: ClassVar[bool] = True

    pattern: str = Field(min_length=1)
    """Which keys, as for ``KEYS``: ``lock:*``."""
    keys_max: int = Field(default=1000, ge=1)
    """Delete at most this many, in the order of their names."""
    restore: bool = False
    """Give the keys back on release."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        url = {"url": target.redis}
        take = {"pattern": self.pattern, "keys_max": self.keys_max, "aside": self.restore}
        args = {
            "subject": target.name,
            "program": "redis_keys",
            "do": {**url, **take, "action": "take"},
            "undo": {**url, "action": "give-back"} if self.restore else None,
        }
        return [VerbCall("program", args)]

    def hurts(self, before: Reading, now: Reading) -> str:
        taken = number(now, "taken")
        if not taken:
            return ""
        return f"{taken:g} of {now.get('matched')} keys that fit {self.pattern} were deleted"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        chosen, taken = number(now, "chosen"), number(now, "taken")
        return None if chosen is None or taken is None else Measure(chosen, taken, "keys")

    def healed(self, before: Reading, now: Reading) -> str:
        if self.restore:
            return super().healed(before, now) and "the keys have their names back"
        return super().healed(before, now) and "nothing deletes keys any more"
