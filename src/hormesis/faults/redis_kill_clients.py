"""Kill connections to a Redis server."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal

from pydantic import Field

from hormesis.faults.parts.redis_fault import RedisFault
from hormesis.words.look import Reading, number
from hormesis.words.target import Target
from hormesis.words.units import Share, Span
from hormesis.words.verb import VerbCall


class RedisKillClients(RedisFault):
    """Close a random share of a Redis server's client connections, again and again.

    The server closes them itself (``CLIENT KILL``): a command that is under way may or may not have
    happened. Subscriptions, transactions and blocking reads of a connection are lost with it.
    Hormesis spares its own connections; clients of all databases of the server are hit.
    """

    share: Share = Field(default=0.5, gt=0)
    """Which share of the connections each round kills, at least one."""
    every: Span = Field(default=1.0, gt=0)
    """The time from one round to the next; scaled by ``--time-scale``."""
    type: Literal["normal", "pubsub", "replica"] = "normal"
    """Which connections: ordinary ones, those that have subscribed, or replicas."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        config = {
            "url": target.redis,
            "share": self.share,
            "every_s": self.every,
            "sort": self.type,
            "seed": rng.getrandbits(32),
        }
        args = {"subject": target.name, "program": "redis_kill", "config": config}
        return [VerbCall("holder", args)]

    def hurts(self, before: Reading, now: Reading) -> str:
        killed = number(now, "killed")
        if not killed:
            return ""
        return f"the server closed {killed:g} connections in {now.get('rounds')} rounds"
