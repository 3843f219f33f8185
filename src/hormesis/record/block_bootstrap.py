"""Block bootstrap: how much a figure of a run would vary if the run were done again.

Response times of a run are correlated: a slow second follows a slow second. So what is drawn again
is not operations but blocks of consecutive seconds, as in the moving-block bootstrap (Künsch,
"The jackknife and the bootstrap for general stationary observations", Annals of Statistics 1989),
taken round the end so that every second counts alike (Politis and Romano, 1992).

It knows what varied *within* a run. What differs from run to run (another machine, a cold cache) it
cannot know; repeat runs for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from hormesis.record.op_columns import Floats, Whole

ROUNDS = 500
"""How often a run is drawn again: the spread is then known to some 3 %."""
CELL_S = 1.0
CELLS_MAX = 400
"""A run is divided into cells of a second; longer ones when there would be more than this."""
BLOCKS_MIN = 5
"""With fewer blocks a run was too short to say how it varies: its seconds are too much alike."""
_GROWTH = math.log(1.0025)
"""Durations are told apart to a quarter of a percent."""
_SHORTEST_S = 1e-6

Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of a run: how long each is in seconds, and how often each round drew each cell."""

    start: float
    width_s: float
    lasts_s: Floats
    drawn: Matrix
    blocks: int
    """How many blocks make up a round: what there is in independent evidence."""

    def of(self, due_s: Floats) -> Whole:
        """Return in which cell each of *due_s* lies."""
        found = ((due_s - self.start) / self.width_s).astype(np.int64)
        return np.clip(found, 0, len(self.lasts_s) - 1)


def cells_of(due_s: Floats, response_s: Floats, rng: np.random.Generator) -> Cells:
    """Divide the time of a run in cells, and draw the rounds.

    How long a block is follows from how alike neighbouring cells are: their response times, were
    they a first-order autoregressive series, would be drawn with the least error by such blocks
    (Politis and White, "Automatic block-length selection", Econometric Reviews 2004).
    """
    start, end = (float(due_s.min()), float(due_s.max())) if len(due_s) else (0.0, 0.0)
    lasted_s = max(end - start, 1e-6)
    width_s = max(CELL_S, lasted_s / CELLS_MAX)
    count = max(1, math.ceil(lasted_s / width_s - 1e-9))
    lasts_s = np.full(count, width_s)
    lasts_s[-1] = lasted_s - (count - 1) * width_s
    cell = np.clip(((due_s - start) / width_s).astype(np.int64), 0, count - 1)
    length = _length_of(cell, response_s, count)
    blocks = math.ceil(count / length)
    starts = rng.integers(0, count, size=(ROUNDS, blocks, 1))
    cells = ((starts + np.arange(length)) % count).reshape(ROUNDS, -1)[:, :count]
    flat = (cells + np.arange(ROUNDS)[:, None] * count).ravel()
    drawn = np.bincount(flat, minlength=ROUNDS * count).reshape(ROUNDS, count)
    return Cells(start, width_s, lasts_s, drawn.astype(np.float64), blocks)


def _length_of(cell: Whole, response_s: Floats, count: int) -> int:
    """Return of how many cells a block is made."""
    logs = np.log(np.maximum(response_s, _SHORTEST_S))
    held = np.bincount(cell, minlength=count)
    means = (np.bincount(cell, weights=logs, minlength=count) / np.maximum(held, 1))[held > 0]
    away = means - means.mean() if len(means) else means
    whole = float(away @ away)
    alike = float(away[1:] @ away[:-1]) / whole if whole > 0 else 0.0
    # What is measured on few cells is too small, by so much on average.
    alike = min(0.95, max(0.0, alike + (1 + 3 * alike) / max(1, len(means))))
    factor = max(1.0, (2 * alike / (1 - alike**2)) ** (2 / 3))
    length: int = round(factor * count ** (1 / 3))
    return max(1, min(length, count))


@dataclass(frozen=True, eq=False)
class Sample:
    """Some operations of a run, as cells: rounds give what their figures might have been."""

    cells: Cells
    cell: Whole
    response_s: Floats
    failed: NDArray[np.bool_]

    def rates(self) -> Floats:
        """Return operations per second, one figure per round."""
        return self._drawn(np.ones(len(self.cell))) / (self.cells.drawn @ self.cells.lasts_s)

    def failed_shares(self) -> Floats:
        """Return the shares that failed, one figure per round."""
        return self._drawn(self.failed) / np.maximum(self._drawn(np.ones(len(self.cell))), 1)

    def percentiles(self, percents: Sequence[float]) -> list[Floats]:
        """Return each percentile of the response times, in seconds, one figure per round."""
        logs = np.log(np.maximum(self.response_s, _SHORTEST_S)) / _GROWTH
        index = logs.astype(np.int64)
        low, high = int(index.min()), int(index.max())
        count, width = len(self.cells.lasts_s), high - low + 1
        flat = np.bincount(self.cell * width + (index - low), minlength=count * width)
        held = flat.reshape(count, width)
        some = np.flatnonzero(held.any(axis=0))
        grown = np.cumsum(self.cells.drawn @ held[:, some].astype(np.float64), axis=1)
        bins = some + low
        ranks = [np.maximum(1, np.ceil(grown[:, -1] * percent / 100)) for percent in percents]
        places = [(grown < rank[:, None] - 1e-3).sum(axis=1) for rank in ranks]
        middle = np.exp((bins + 0.5) * _GROWTH)
        return [middle[np.minimum(each, len(bins) - 1)] for each in places]

    def _drawn(self, weights: NDArray[np.generic]) -> Floats:
        sums = np.bincount(self.cell, weights=weights, minlength=len(self.cells.lasts_s))
        return np.asarray(self.cells.drawn @ sums, dtype=np.float64)


def spread_of(differences: Floats, blocks: int) -> float:
    """Return the standard error of a difference; that of few blocks is drawn too small."""
    return float(differences.std(ddof=1)) * math.sqrt(blocks / max(1, blocks - 3))


def reach_of(alpha: float, freedom: int) -> float:
    """Return how many standard errors hold all but the share *alpha*: Student's t, two-sided.

    By the expansion of Fisher and Cornish (1960), good to a percent from five degrees on.
    """
    z = NormalDist().inv_cdf(1 - alpha / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + float(sum(term / freedom ** (power + 1) for power, term in enumerate(terms)))
