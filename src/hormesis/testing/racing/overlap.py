"""Overlap: how many operations of a race were really under way at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from hormesis.testing.racing.recording import Recorded


@dataclass(frozen=True, slots=True)
class Overlap:
    """``pairs`` of operations of different workers overlapped; ``most`` were under way at once."""

    pairs: int
    most: int


def overlap_of(ops: Iterable[Recorded]) -> Overlap:
    """Return it; a worker's own operations do not count as overlapping each other."""
    ends: list[tuple[float, int]] = []
    pairs = most = 0
    for one in sorted(ops, key=lambda one: one.sent):
        while ends and ends[0][0] <= one.sent:
            heapq.heappop(ends)
        others = {worker for _, worker in ends} - {one.worker}
        pairs += sum(worker != one.worker for _, worker in ends)
        heapq.heappush(ends, (one.ended, one.worker))
        most = max(most, len(others) + 1)
    return Overlap(pairs, most)
