"""Plan: what a race is to do, checked, with every draw of its seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random, SystemRandom
from typing import Any

from hormesis.testing.racing.operations import dealt
from hormesis.words.randomness import stream_of

LEAD_S = 0.002
"""From when the last worker is ready to the earliest start: for all to be awake again."""


@dataclass(frozen=True)
class RacePlan:
    """N workers, each of which performs one of the operations in each round."""

    operations: list[tuple[str, Callable[..., Any]]]
    workers: int
    rounds: int
    jitter_ms: float
    seed: int
    timeout_s: float

    def operation(self, worker: int, round_: int) -> tuple[str, Callable[..., Any]]:
        """Return what *worker* does in *round_*."""
        return self.operations[dealt(len(self.operations), worker, round_)]

    def jitter_s(self, worker: int, round_: int) -> float:
        """Return how much later than the start *worker* begins."""
        return (
            stream_of(self.seed, "race", "jitter", worker, round_).uniform(0, self.jitter_ms) / 1e3
        )

    def rng(self, worker: int) -> Random:
        """Return the stream of one worker."""
        return stream_of(self.seed, "race", "worker", worker)


def planned(
    operations: list[tuple[str, Callable[..., Any]]],
    *,
    workers: int,
    rounds: int,
    jitter_ms: float,
    seed: int | None,
    timeout_s: float,
) -> RacePlan:
    """Return the plan; without a *seed* one is drawn.

    Raises:
        ValueError: a figure is out of its range, or some operation would never be performed.
    """
    for name, value, least in (("workers", workers, 1), ("rounds", rounds, 1)):
        if value < least:
            raise ValueError(f"expected {name} to be at least {least}, found {value}")
    if jitter_ms < 0 or timeout_s <= 0:
        raise ValueError(f"expected times above 0, found {jitter_ms=}, {timeout_s=}")
    if workers + rounds - 1 < len(operations):
        raise ValueError(
            f"{workers} workers in {rounds} rounds never perform some of {len(operations)} "
            "operations; give more workers or rounds"
        )
    drawn = SystemRandom().randrange(2**32) if seed is None else seed
    return RacePlan(operations, workers, rounds, jitter_ms, drawn, timeout_s)
