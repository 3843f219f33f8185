"""Races: many workers at one moment, every operation recorded, and what must hold afterwards."""

from hormesis.testing.racing.broken import ClaimsBroken, RaceTimeout
from hormesis.testing.racing.race import Race, race, race_async
from hormesis.testing.racing.result import RaceResult
from hormesis.testing.racing.worker import AsyncWorker, Worker

__all__ = [
    "AsyncWorker",
    "ClaimsBroken",
    "Race",
    "RaceResult",
    "RaceTimeout",
    "Worker",
    "race",
    "race_async",
]
