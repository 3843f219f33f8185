"""Op sequence: operations that can be counted and chosen without making a value of each.

A run may hold ten million operations; what is stored in columns answers such questions at once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence

from hormesis.words.op import Ended, Label, Op


class OpSequence(Sequence[Op]):
    """Operations in the order in which they were recorded."""

    @abstractmethod
    def count_of(self, load: str | None = None, outcome: Ended | None = None) -> int:
        """Return how many are of *load* and ended with *outcome*; None means any."""

    @abstractmethod
    def named(self, name: str, load: str | None = None) -> Iterator[Op]:
        """Yield those called *name*, of *load* or of any."""

    @abstractmethod
    def labelled(self) -> Iterator[tuple[Label, int]]:
        """Yield what some of them have in common, and how many these are; never none."""

    @abstractmethod
    def ended_before(self, moment: float) -> Sequence[Op]:
        """Return those that ended before *moment*, in seconds of the run."""


def count_of(ops: Sequence[Op], load: str | None = None, outcome: Ended | None = None) -> int:
    """Return how many of *ops* are of *load* and ended with *outcome*; None means any."""
    if isinstance(ops, OpSequence):
        return ops.count_of(load, outcome)
    return sum(load in (None, op.load) and outcome in (None, op.outcome) for op in ops)


def ops_named(ops: Sequence[Op], name: str, load: str | None = None) -> Iterator[Op]:
    """Yield those of *ops* that are called *name*, of *load* or of any."""
    if isinstance(ops, OpSequence):
        yield from ops.named(name, load)
        return
    for op in ops:
        if op.name == name and load in (None, op.load):
            yield op


def ops_ended_before(ops: Sequence[Op], moment: float) -> Sequence[Op]:
    """Return those of *ops* that ended before *moment*, in seconds of the run."""
    if isinstance(ops, OpSequence):
        return ops.ended_before(moment)
    return [op for op in ops if op.ended < moment]
