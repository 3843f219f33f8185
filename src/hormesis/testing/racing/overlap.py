"""Overlap: how many operations of a race were really under way at once."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hormesis.checks.bank_total import BankTotal
from hormesis.checks.monotonic import Monotonic
from hormesis.testing.racing.recording import Recorded
from hormesis.words.check import Check
from hormesis.words.op import Ended

_READS_OTHERS = (BankTotal, Monotonic)
"""Checks of one operation's reads, which race with whatever writes."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """``pairs`` of operations of different workers overlapped; ``most`` were under way at once."""

    pairs: int
    most: int


def telling_pairs(ops: Iterable[Recorded], check: Check) -> int:
    """Return how many overlapping pairs are evidence for *check*.

    What the server refused is none: nothing was done at once. Where the check names what raced,
    those must have overlapped; of one that reads what the others write, one of the two.
    """
    done = [one for one in ops if one.outcome is not Ended.FAIL]
    names = _names_in(check)
    named = [one for one in done if one.name in names]
    if not any(one.name in names for one in ops):
        return overlap_of(done).pairs
    if isinstance(check, _READS_OTHERS):
        others = [one for one in done if one.name not in names]
        return overlap_of(done).pairs - overlap_of(others).pairs
    return overlap_of(named).pairs


def _names_in(check: Check) -> set[str]:
    names: set[str] = set()
    refers: Mapping[str, str] = getattr(check, "refers", {})
    for field, sort in refers.items():
        if sort.endswith("op"):
            value = getattr(check, field)
            names.update((value,) if isinstance(value, str) else value)
    return {name.rpartition(".")[2] for name in names if name}


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
