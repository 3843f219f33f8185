"""Kill a random share of a Redis server's client connections, again and again.

Configuration: ``url``, ``share`` (0 to 1), ``sort`` (``normal``, ``pubsub`` or ``replica``),
``every_s`` and ``seed``. Reports ``killed`` (in all), ``rounds``, ``there`` (connections in the
last round that had any) and ``error`` when a round failed.
"""

from __future__ import annotations

import sys
from random import Random
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.redis_session import Line, RedisRefused, serve

NAME = "hormesis-kill"


def victims_of(listing: list[dict[str, str]], share: float, rng: Random) -> list[str]:
    """Return the ids of the share of connections to kill, at least one; ours are spared."""
    ids = [one["id"] for one in listing if not one.get("name", "").startswith("hormesis")]
    return rng.sample(ids, max(1, round(share * len(ids)))) if ids and share > 0 else []


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Kill until the lifeline ends."""
    line = Line(config["url"], NAME)
    rng = Random(config["seed"])
    killed = rounds = there = 0
    report(ready=True, killed=0, rounds=0)
    while True:
        failed: dict[str, str] = {}
        try:
            listing = line.clients(config["sort"])
            chosen = victims_of(listing, config["share"], rng)
            there = len(listing)
            killed += sum(bool(line.ask("CLIENT", "KILL", "ID", one)) for one in chosen)
            rounds += 1
        except RedisRefused as error:
            failed = {"error": str(error)}
            line = _again(config) or line
        report(killed=killed, rounds=rounds, there=there, **failed)
        lifeline.wait(config["every_s"])


def _again(config: dict[str, Any]) -> Line | None:
    try:
        return Line(config["url"], NAME)
    except RedisRefused:
        return None


if __name__ == "__main__":
    sys.exit(serve(hold))
