"""Take the client slots of a Redis server."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from pydantic import Field

from hormesis.faults.parts.redis_fault import RedisFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, number
from hormesis.words.target import Target
from hormesis.words.units import Span
from hormesis.words.verb import VerbCall


class RedisMaxClients(RedisFault):
    """Hold connections until a Redis server has no client slot left, or only ``left`` of them.

    Who connects then is refused (``max number of clients reached``); connections that the
    application has already are left alone. The setting ``maxclients`` itself is not touched: once
    it is reached, nobody could connect to put it back, while held connections end with the program
    that holds them.
    """

    left: int = Field(default=0, ge=0)
    """How many slots stay free."""
    connections_max: int = Field(default=20000, ge=1)
    """Never hold more than this many."""
    every: Span = Field(default=0.2, gt=0)
    """How often freed slots are taken again; scaled by ``--time-scale``."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {
            "url": target.redis,
            "left": self.left,
            "connections_max": self.connections_max,
            "every_s": self.every,
        }
        args = {
            "subject": target.name,
            "program": "redis_connections",
            "config": config,
            "ready_s": 60.0,
        }
        return [VerbCall("holder", args)]

    def hurts(self, before: Reading, now: Reading) -> str:
        free = number(now, "free")
        if free is None or not 0 <= free <= self.left or not number(now, "held"):
            return ""
        if not self.left and not now.get("refused"):
            return ""
        said = f"; one more was told: {now.get('refused')}" if now.get("refused") else ""
        return (
            f"{now.get('held')} connections held, {free:g} of {now.get('slots')} slots left"
            f" (asked {self.left}){said}"
        )

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        free = number(now, "free")
        return None if free is None or free < 0 else Measure(self.left, free, "free connections")
