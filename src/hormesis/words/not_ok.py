"""Not ok: what operations ended with that did not end ok, the most frequent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from hormesis.words.op import Ended, Op
from hormesis.words.op_sequence import OpSequence

_TOLD_MAX = 3


def told_not_ok(ops: Iterable[Op], load: str | None = None) -> str:
    """Return the most frequent reasons with their counts, such as ``http-202: 115``, or nothing.

    Those of *load* count; None means any.
    """
    counts: Counter[str] = Counter()
    for its_load, outcome, error, count in _grouped(ops):
        if outcome is not Ended.OK and load in (None, its_load):
            counts[error or "no reason given"] += count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{error}: {count:,}" for error, count in ranked[:_TOLD_MAX]]
    more = len(ranked) - len(told)
    return ", ".join([*told, f"{more} more"] if more else told)


def _grouped(ops: Iterable[Op]) -> Iterator[tuple[str, Ended, str, int]]:
    if isinstance(ops, OpSequence):
        for label, count in ops.labelled():
            yield label.load, label.outcome, label.error, count
        return
    for op in ops:
        yield op.load, op.outcome, op.error, 1
