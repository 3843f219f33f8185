"""Comparison: whether one run was worse than another, and how sure that is.

Every figure is compared with an interval that holds the true change with 95 % for all figures
together (Bonferroni), so that a comparison of two equal runs finds nothing in 95 of 100 cases. A
figure is *worse* only when the whole interval lies beyond the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from hormesis.record.block_bootstrap import (
    BLOCKS_MIN,
    CELL_S,
    Cells,
    Sample,
    cells_of,
    reach_of,
    spread_of,
)
from hormesis.record.load_table import load_ops
from hormesis.record.op_columns import Floats
from hormesis.record.op_table import OpTable
from hormesis.record.percentile import rank_of
from hormesis.words.history import History
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from hormesis.words.units import text_of_seconds

ALPHA = 0.05
"""How often a comparison of two equal runs may find a difference in any figure."""
TOLERANCE = 0.05
"""The change that does not matter, as a share, unless another is asked for."""
CELLS_MIN = 10
"""A run with operations in fewer seconds says nothing about how it varies."""
OPS_MIN = 50
BEYOND_MIN = 5
"""So many operations must lie beyond a percentile before it is compared."""
_PERCENTS = {"p50": 50.0, "p95": 95.0, "p99": 99.0}
_DECIDING = ("rate", "failed", "p50", "p95")
"""Without these figures of all operations there is no verdict; p99 needs a longer run."""
_SEED = 20230


class Judgement(str, Enum):
    """What is said about one figure."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "no difference shown"
    TOO_LITTLE = "too little data"
    COUNTED = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure of two runs: ``count``, ``rate`` (per second), ``failed`` (share), or seconds.

    ``change`` is relative (0.1 is 10 % more), of ``failed`` the difference of the shares; ``low``
    and ``high`` are the ends of its interval. All are None where there is too little data.
    """

    name: str
    a: float | None
    b: float | None
    judgement: Judgement
    change: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of the operations of one name; both names are empty in that of all of them."""

    load: str
    name: str
    figures: tuple[Compared, ...]

    @property
    def title(self) -> str:
        """Return the row's name, for people."""
        return f"{self.load} {self.name}".strip() or "all operations"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs, A and B, side by side; the first row is all operations together."""

    rows: tuple[Row, ...]
    tolerance: float
    notes: tuple[str, ...]
    needed: str = ""
    """How much each run would need, and what each had."""

    @property
    def outcome(self) -> Outcome:
        """Return fail when a figure of B is worse, unknown when there is too little data."""
        judged = [one.judgement for row in self.rows for one in row.figures]
        if Judgement.WORSE in judged:
            return Outcome.FAIL
        whole = self.rows[0].figures
        short = any(
            one.judgement is Judgement.TOO_LITTLE for one in whole if one.name in _DECIDING
        )
        return Outcome.UNKNOWN if short or self.only_in_one else Outcome.PASS

    @property
    def only_in_one(self) -> tuple[str, ...]:
        """Return the rows of which one run had enough to compare, and the other nothing."""
        return tuple(row.title for row in self.rows if _alone(row))

    @property
    def sentence(self) -> str:
        """Return what came out, in a sentence."""
        worse = [
            f"{row.title}: {one.name}"
            for row in self.rows
            for one in row.figures
            if one.judgement is Judgement.WORSE
        ]
        beyond = f"beyond the tolerance of {self.tolerance * 100:g}%"
        if worse:
            return f"B is worse in {len(worse)} figures {beyond}: {', '.join(worse[:5])}"
        if self.outcome is Outcome.PASS:
            return f"no figure of B is worse {beyond}, with 95% confidence for all together"
        if self.only_in_one:
            return f"too little to compare: only one run has {', '.join(self.only_in_one[:3])}"
        return f"too little data to compare the runs: {self.needed}"


def compare(a: History, b: History, *, tolerance: float = TOLERANCE) -> Comparison:
    """Return how run *b* differs from run *a*; the same runs are always compared alike."""
    sides = [_Side.of(one, number) for number, one in enumerate((a, b))]
    keys = [("", ""), *_keys(sides)]
    pairs = [(key, sides[0].part(key), sides[1].part(key)) for key in keys]
    judged = sum(
        _enough(name, left, right)
        for _, left, right in pairs
        for name in ("rate", "failed", *_PERCENTS)
    )
    freedom = max(1, sum(max(1, side.cells.blocks - 1) for side in sides))
    scale = _Scale(reach_of(ALPHA / max(1, judged), freedom), tolerance)
    rows = [Row(*key, tuple(_figures(left, right, scale))) for key, left, right in pairs]
    return Comparison(tuple(rows), tolerance, tuple(_notes(a, b)), _needed(sides))


def _needed(sides: Sequence[_Side]) -> str:
    """Return what a run has to have before all deciding figures are compared, and what these had.

    How long it has to be depends on how alike its seconds are, so that the figure is a guess.
    """
    operations = max(OPS_MIN, round(100 * BEYOND_MIN / (100 - max(map(_percent_of, _DECIDING)))))
    needed_s, had = float(CELLS_MIN) * CELL_S, []
    for letter, side in zip("AB", sides, strict=True):
        cells, count = side.cells, len(side.ops)
        lasted_s = float(cells.lasts_s.sum())
        block_s = lasted_s / max(1, cells.blocks)
        needed_s = max(needed_s, BLOCKS_MIN * block_s if cells.blocks < BLOCKS_MIN else 0.0)
        if count:
            needed_s = max(needed_s, operations / count * lasted_s if count < operations else 0.0)
        had.append(f"{letter} had {count:,} in {text_of_seconds(float(math.ceil(lasted_s)))}")
    least = text_of_seconds(float(math.ceil(needed_s)))
    return (
        f"each has to last {least} or longer, with {operations} operations or more; "
        + ", ".join(had)
    )


def _percent_of(name: str) -> float:
    return _PERCENTS.get(name, 0.0)


@dataclass(frozen=True, slots=True)
class _Scale:
    reach: float
    tolerance: float


@dataclass(frozen=True, eq=False)
class _Side:
    ops: OpTable
    cells: Cells

    @classmethod
    def of(cls, history: History, number: int) -> _Side:
        ops = load_ops(history)
        tracks = history.tracks_window
        if tracks is not None and len(ops):
            ops = ops.where(ops.mask_inside([tracks]))
        rng = np.random.default_rng(_SEED + number)
        return cls(ops, cells_of(ops.due_s, ops.response_s, rng))

    def part(self, key: tuple[str, str]) -> _Part:
        ops = self.ops
        if any(key):
            ops = ops.where(ops.mask_of(lambda one: (one.load, one.name) == key))
        return _Part(
            Sample(
                self.cells,
                self.cells.of(ops.due_s),
                ops.response_s,
                ops.mask_of(lambda one: one.outcome is not Ended.OK),
            )
        )


@dataclass(frozen=True, eq=False)
class _Part:
    sample: Sample

    @property
    def count(self) -> int:
        return len(self.sample.cell)

    def enough(self, name: str) -> bool:
        """Return whether there is enough to say how the figure *name* varies."""
        if self.count < OPS_MIN or self.sample.cells.blocks < BLOCKS_MIN:
            return False
        if len(np.unique(self.sample.cell)) < CELLS_MIN:
            return False
        percent = _PERCENTS.get(name)
        return percent is None or self.count * (100 - percent) / 100 >= BEYOND_MIN

    def figure(self, name: str) -> float | None:
        if name == "count":
            return float(self.count)
        if not self.count:
            return None
        if name == "rate":
            return self.count / float(self.sample.cells.lasts_s.sum())
        if name == "failed":
            return float(self.sample.failed.mean())
        place = rank_of(_PERCENTS[name], self.count) - 1
        return float(np.partition(self.sample.response_s, place)[place])


def _keys(sides: Sequence[_Side]) -> list[tuple[str, str]]:
    """Return the loads and names of the operations, the most frequent first; none if one only."""
    counts: dict[tuple[str, str], int] = {}
    for side in sides:
        for label, count in zip(side.ops.labels, side.ops.label_counts.tolist(), strict=True):
            if count:
                key = (label.load, label.name)
                counts[key] = counts.get(key, 0) + count
    return sorted(counts, key=lambda key: (-counts[key], key)) if len(counts) > 1 else []


def _enough(name: str, a: _Part, b: _Part) -> bool:
    return a.enough(name) and b.enough(name)


def _figures(a: _Part, b: _Part, scale: _Scale) -> Iterator[Compared]:
    yield Compared("count", a.figure("count"), b.figure("count"), Judgement.COUNTED)
    names = ("rate", "failed", *_PERCENTS)
    drawn = {
        name: (one, other)
        for name, one, other in zip(names, _rounds(a), _rounds(b), strict=True)
        if _enough(name, a, b)
    } if _enough("rate", a, b) else {}
    blocks = min(a.sample.cells.blocks, b.sample.cells.blocks)
    for name in names:
        left, right = a.figure(name), b.figure(name)
        if name not in drawn or left is None or right is None:
            yield Compared(name, left, right, Judgement.TOO_LITTLE)
            continue
        yield _compared(name, (left, right), drawn[name], scale, blocks)


def _rounds(part: _Part) -> list[Floats]:
    sample = part.sample
    return [
        sample.rates(),
        sample.failed_shares(),
        *sample.percentiles(list(_PERCENTS.values())),
    ]


def _compared(
    name: str,
    figures: tuple[float, float],
    drawn: tuple[Floats, Floats],
    scale: _Scale,
    blocks: int,
) -> Compared:
    a, b = figures
    if name == "failed":
        change, spread = b - a, spread_of(drawn[1] - drawn[0], blocks)
        low, high = change - scale.reach * spread, change + scale.reach * spread
        margin = scale.tolerance * a
        worse, better = low > margin, high < -margin
        return Compared(name, a, b, _judged(worse=worse, better=better), change, low, high)
    floor = 1e-9
    grown = math.log(max(b, floor) / max(a, floor))
    spread = spread_of(np.log(np.maximum(drawn[1], floor) / np.maximum(drawn[0], floor)), blocks)
    change, low, high = (
        math.expm1(min(grown + side * scale.reach * spread, 50.0)) for side in (0, -1, 1)
    )
    more, less = low > scale.tolerance, high < -scale.tolerance
    worse, better = (less, more) if name == "rate" else (more, less)
    return Compared(name, a, b, _judged(worse=worse, better=better), change, low, high)


def _judged(*, worse: bool, better: bool) -> Judgement:
    if worse:
        return Judgement.WORSE
    return Judgement.BETTER if better else Judgement.SAME


def _alone(row: Row) -> bool:
    counted = row.figures[0]
    counts = sorted((counted.a or 0.0, counted.b or 0.0))
    return counts[0] == 0 and counts[1] >= OPS_MIN


def _notes(a: History, b: History) -> Iterator[str]:
    for key, told in (("title", "experiments"), ("time_scale", "time scales")):
        left, right = a.manifest.get(key), b.manifest.get(key)
        if left != right:
            yield f"the runs are of different {told}: {left!r} and {right!r}"
    cores = [(one.manifest.get("machine") or {}).get("cores") for one in (a, b)]
    if cores[0] != cores[1]:
        yield f"the machines differ: {cores[0]} and {cores[1]} cores"
    for letter, one in (("A", a), ("B", b)):
        if one.end is None or one.end.get("reason") != "completed":
            yield f"run {letter} did not complete"
        for load in one.loads:
            if load.trouble or load.lost:
                yield f"run {letter}, load {load.load}: {load.trouble or load.lost}"
