"""Breaking point: when a limit began to be broken, and how many users there were by then.

A threshold tells whether a limit was kept in the whole run. Under a load that grows, the question
is from where on it was not. The run is cut into windows; the point is the first of three windows in
a row in which the figure of each alone breaks the limit, so that a single bad second is none.
"""

from __future__ import annotations

from dataclasses import dataclass

from hormesis.record.claim import Claim, claim_of
from hormesis.record.claim_values import values_of
from hormesis.record.claim_window import without_window
from hormesis.record.extent import extent_of
from hormesis.record.load_series import users_at
from hormesis.record.metrics import load_of
from hormesis.words.history import History
from hormesis.words.metric import MetricSort
from hormesis.words.units import text_of_seconds
from hormesis.words.window import Window

WINDOWS = 60
"""The run is cut into so many windows, unless they get too short or too long."""
WINDOW_S_MIN, WINDOW_S_MAX = 0.5, 10.0
IN_A_ROW = 3
SAMPLES_MIN = 10
"""A window with fewer values says nothing."""


@dataclass(frozen=True)
class BreakingPoint:
    """Where a limit began to be broken.

    ``at_s`` is in seconds since the load began, ``value`` the figure of the first broken window in
    the claim's unit, ``per_s`` how many of its values were due per second.
    """

    claim: Claim
    at_s: float
    window_s: float
    value: float
    users: int
    per_s: float

    @property
    def sentence(self) -> str:
        """Return it in words."""
        by = f"{self.users:,} users, " if self.users else ""
        figure = f"{self.claim.aggregation}"
        if self.claim.aggregation == "p":
            figure = f"p({self.claim.percent:g})"
        return (
            f"{self.claim.metric} {figure} began to break {text_of_seconds(round(self.at_s, 1))} "
            f"into the load, at {by}{self.per_s:,.4g}/s: {self.claim.told(self.value)} in "
            f"{text_of_seconds(round(self.window_s, 2))}"
        )


def breaking_point(history: History, expression: str) -> BreakingPoint | None:
    """Return where the claim *expression* began to be broken; None when it never was for long.

    Only claims about every operation's time or failure have one; those about a window of their own
    have none.
    """
    text, words = without_window(expression)
    claim = claim_of(text)
    known = claim.known
    if words or known is None or known.sort not in (MetricSort.TREND, MetricSort.RATE):
        return None
    values = values_of(history, claim, Window(), whole=True).values
    if values is None:
        return None
    start, end = extent_of(history)
    width_s = min(WINDOW_S_MAX, max(WINDOW_S_MIN, (end - start) / WINDOWS))
    row: list[tuple[float, float, int]] = []
    for number in range(int((end - start) / width_s)):
        begin = start + number * width_s
        inside = values.within(begin, begin + width_s)
        if inside.count < SAMPLES_MIN:
            continue
        value = inside.figure(claim.aggregation, claim.percent, width_s)
        if value is None or claim.holds(value):
            row = []
            continue
        row.append((begin, value, inside.count))
        if len(row) == IN_A_ROW:
            begin, value, count = row[0]
            (users,) = users_at(history, [begin + width_s], load_of(claim.tags))
            return BreakingPoint(claim, begin - start, width_s, value, users, count / width_s)
    return None
