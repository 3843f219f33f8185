"""Sample table: good and bad moments in columns; of ten million only those told become values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from hormesis.record.op_columns import Floats, Mask
from hormesis.record.op_table import table_of
from hormesis.record.samples import Sample
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.units import text_of_seconds


class SampleTable:
    """Samples in their order; see :class:`hormesis.record.samples.Sample` for the columns."""

    def __init__(
        self,
        *,
        time: Floats,
        ended: Floats,
        good: Mask,
        start: Callable[[], Floats],
        made: Callable[[int], Sample],
    ) -> None:
        self.time = time
        self.ended = ended
        self.good = good
        self._start = start
        self._made = made

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> SampleTable:
        """Return *samples* in columns."""

        def column(name: str) -> Any:
            return np.array([getattr(one, name) for one in samples], dtype=np.float64)

        return cls(
            time=column("time"),
            ended=column("ended"),
            good=np.array([one.good for one in samples], dtype=np.bool_),
            start=lambda: column("start"),
            made=lambda place: samples[place],
        )

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, place: int) -> Sample:
        return self._made(int(place))

    @cached_property
    def start(self) -> Floats:
        """Return when each look or operation began, in seconds of the run."""
        return self._start()


def op_samples(history: History, name: str, *, slow_s: float | None = None) -> SampleTable:
    """Return the operations called *name* in the order of their ends; ``ok`` ones are good.

    A response longer than *slow_s* is bad too.
    """
    load, dot, bare = name.rpartition(".")
    table = table_of(history.ops)
    table = table.where(
        table.mask_of(
            lambda one: one.name == (bare if dot else name) and (not dot or one.load == load)
        )
    )
    ended = table.ended_s
    if not np.all(ended[1:] >= ended[:-1]):
        table = table.where(np.argsort(ended, kind="stable"))
        ended = table.ended_s
    good = table.mask_of(lambda one: one.outcome is Ended.OK)
    if slow_s is not None:
        good &= table.response_s <= slow_s

    def made(place: int) -> Sample:
        op = table[place]
        is_good = bool(good[place])
        text = "" if is_good else _miss_of(op)
        return Sample(op.ended, is_good, text, f"op {op.number}", op.ended, began=op.sent)

    return SampleTable(time=ended, ended=ended, good=good, start=lambda: table.sent_s, made=made)


def _miss_of(op: Op) -> str:
    """Return what is bad about an operation that failed or took too long."""
    if op.outcome is not Ended.OK:
        return f"{op.name} ended {op.outcome.value}: {op.error or 'no reason given'}"
    return f"{op.name} took {text_of_seconds(round(op.response_s, 4))}"
