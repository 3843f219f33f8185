"""Evidence: in a few words, what a race showed to have happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hormesis.testing.racing.result import RaceResult
from hormesis.words.op import Ended

_WORDS = {
    "40001": "serialization-failure",
    "40P01": "deadlock",
    "55P03": "lock-timeout",
    "23": "constraint-violation",
    "08": "connection-lost",
    "57P0": "connection-lost",
    "disconnected": "connection-lost",
    "pool-exhausted": "pool-exhausted",
}
"""What the error of an operation is called, by its beginning."""


def evidence_of(result: RaceResult) -> Iterator[tuple[str, str]]:
    """Yield what happened and its proof: a race when operations overlapped, and its errors."""
    overlap = result.overlap
    if overlap.pairs:
        yield (
            "race",
            f"{result.workers} workers, {overlap.pairs} overlapping pairs, "
            f"up to {overlap.most} at once",
        )
    met: Counter[str] = Counter()
    for op in result.history.ops:
        if op.outcome is not Ended.OK:
            words = (word for start, word in _WORDS.items() if op.error.startswith(start))
            met.update(list(words)[:1])
    for word, count in met.items():
        yield word, f"{count} operation{'s' * (count != 1)} of a race"
