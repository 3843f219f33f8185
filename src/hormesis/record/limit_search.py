"""Limit search: which rate to try next, and what the trials say about the limit. Pure.

The rate is doubled until a trial does not hold; the bracket is then halved (on a logarithmic scale)
until it is as narrow as asked; then both ends are repeated until each has been tried so often, and
a majority decides. An end that does not stand up to being repeated moves the bracket: no single
lucky or unlucky trial decides anything. A trial in which the load generator itself was too slow
proves nothing about the system, and ends the way up just the same.

How sure it is: with *k* of *n* trials at a rate alike, and nothing known before, the probability
that it would be so more often than not is the upper half of a Beta(k + 1, n − k + 1) distribution.
Of the two ends of the bracket the product is given.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class TrialEnd(str, Enum):
    """What a trial at one rate came to."""

    HELD = "held"
    BROKE = "broke"
    SATURATED = "saturated"
    """The load generator, not the system, was the limit."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial; ``rate`` is per second, ``why`` a sentence about what broke."""

    rate: float
    ended: TrialEnd
    why: str = ""


@dataclass(frozen=True, slots=True)
class LimitAsked:
    """What is looked for. Rates are per second, ``precision`` is a share: 0.05 is 5 %."""

    first: float
    precision: float = 0.05
    repeats: int = 3
    rate_max: float = math.inf
    factor: float = 2.0
    trials_max: int = 60
    down_max: int = 10
    """How often the rate is divided when not even the first one holds."""
    lasts_s: float = 0.0
    """How long a trial lasts, in seconds; 0: not known."""

    @property
    def rate_min(self) -> float:
        """Return the lowest rate that is tried: less than one arrival would be no trial."""
        return max(self.first / self.factor**self.down_max, self.rate_of_one)

    @property
    def rate_of_one(self) -> float:
        """Return the rate at which a trial has a single arrival; 0 when that is not known."""
        return 1 / self.lasts_s if self.lasts_s > 0 else 0.0


class LimitSort(str, Enum):
    """What sort of answer there is."""

    FOUND = "found"
    GENERATOR = "generator"
    """The load generator was the limit: the system can do at least so much."""
    BEYOND = "beyond"
    """The highest rate that was allowed held."""
    BELOW = "below"
    """No rate held."""
    UNSURE = "unsure"
    """The trials ran out before an answer stood."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of the bracket: ``times`` of ``trials`` trials at ``rate`` ended as it stands for."""

    rate: float
    times: int
    trials: int

    @property
    def confidence(self) -> float:
        """Return how probable it is that this is so more often than not."""
        ways = sum(math.comb(self.trials + 1, number) for number in range(self.times + 1))
        return float(ways / 2 ** (self.trials + 1))

    def __str__(self) -> str:
        return f"{self.times} of {self.trials}"


@dataclass(frozen=True, slots=True)
class Limit:
    """The answer. ``low`` held, ``high`` did not; None when there is no such rate."""

    sort: LimitSort
    low: End | None
    high: End | None
    why: str
    """What broke at ``high``, the most frequent reason."""
    trials: int
    single: bool = False
    """Whether there is a single arrival in a trial at ``high``."""

    @property
    def confidence(self) -> float:
        """Return how sure both ends are, 0 to 1."""
        return math.prod(one.confidence for one in (self.low, self.high) if one is not None)

    @property
    def sentence(self) -> str:
        """Return the answer in words."""
        low, high = self.low, self.high
        held = f"held in {low} trials at {rate_told(low.rate)}" if low else ""
        if self.sort is LimitSort.FOUND and low and high:
            return (
                f"limit between {rate_told(low.rate)} and {rate_told(high.rate)}: {self.why} in "
                f"{high} trials at {rate_told(high.rate)}, {held}"
            )
        if self.sort is LimitSort.GENERATOR and high:
            least = f"at least {rate_told(low.rate)} ({held})" if low else "no rate was held"
            at = rate_told(high.rate)
            return f"{least}; at {at} the load generator was the limit: {self.why}"
        if self.sort is LimitSort.BEYOND and low:
            return f"at least {rate_told(low.rate)}, the highest rate that was to be tried ({held})"
        if self.sort is LimitSort.BELOW and high and self.single:
            return (
                f"a single request already breaks the threshold: {self.why} in {high} trials with "
                "one arrival each"
            )
        if self.sort is LimitSort.BELOW and high:
            return f"below {rate_told(high.rate)}: {self.why} in {high} trials at that rate already"
        return f"no limit stood after {self.trials} trials: they contradict each other"


def rate_told(rate: float) -> str:
    """Return a rate for people: as many digits as were tried."""
    return f"{rate:,.4g}/s" if rate < 10_000 else f"{rate:,.0f}/s"


class LimitSearch:
    """Decides the next rate from the trials so far; the same trials always lead to the same."""

    def __init__(self, asked: LimitAsked) -> None:
        self.asked = asked
        self.trials: list[Trial] = []

    def add(self, trial: Trial) -> None:
        """Take a trial's end into account."""
        self.trials.append(trial)

    def next_rate(self) -> float | None:
        """Return the rate to try next; None when the answer stands, or trials have run out."""
        return None if len(self.trials) >= self.asked.trials_max else self._next()

    def _next(self) -> float | None:
        tried = self._tried()
        for rate, trials in tried.items():
            if _stands(trials) is None:
                return rate
        low, high = self._bracket()
        return self._outwards(low, high) or self._inwards(low, high) or self._again(low, high)

    def answer(self) -> Limit:
        """Return what the trials say."""
        low, high = self._bracket()
        tried = self._tried()
        low_end = None if low is None else _end(low, tried[low], held=True)
        high_end = None if high is None else _end(high, tried[high], held=False)
        against = [one for one in tried.get(high or 0.0, ()) if one.ended is not TrialEnd.HELD]
        whys = Counter(one.why for one in against)
        why = whys.most_common(1)[0][0] if whys else ""
        sort = self._sort(low, high, against)
        single = high is not None and high <= self.asked.rate_of_one * (1 + 1e-9)
        return Limit(sort, low_end, high_end, why, len(self.trials), single)

    def _sort(self, low: float | None, high: float | None, against: Sequence[Trial]) -> LimitSort:
        if self._next() is not None:
            return LimitSort.UNSURE
        saturated = sum(one.ended is TrialEnd.SATURATED for one in against)
        if high is None:
            return LimitSort.BEYOND
        if saturated * 2 >= len(against):
            return LimitSort.GENERATOR
        return LimitSort.BELOW if low is None else LimitSort.FOUND

    def _tried(self) -> dict[float, list[Trial]]:
        tried: dict[float, list[Trial]] = {}
        for one in self.trials:
            tried.setdefault(one.rate, []).append(one)
        return tried

    def _bracket(self) -> tuple[float | None, float | None]:
        """Return the highest rate that held below the lowest one that did not."""
        stands = {rate: _stands(trials) for rate, trials in self._tried().items()}
        high = min((rate for rate, held in stands.items() if held is False), default=None)
        held = [rate for rate, held in stands.items() if held and (high is None or rate < high)]
        return max(held, default=None), high

    def _outwards(self, low: float | None, high: float | None) -> float | None:
        """Return a rate beyond the bracket while one of its ends is missing."""
        asked = self.asked
        if low is None and high is None:
            return min(asked.first, asked.rate_max)
        if high is None and low is not None:
            return min(low * asked.factor, asked.rate_max) if low < asked.rate_max else None
        if low is None and high is not None:
            lower = max(high / asked.factor, asked.rate_min)
            return lower if lower < high * (1 - 1e-9) else None
        return None

    def _inwards(self, low: float | None, high: float | None) -> float | None:
        """Return the middle of a bracket that is too wide."""
        if low is None or high is None or high <= low * (1 + self.asked.precision):
            return None
        middle = _rounded(math.sqrt(low * high))
        return middle if low < middle < high else None

    def _again(self, low: float | None, high: float | None) -> float | None:
        """Return the end of the bracket that has been tried less often than asked."""
        tried = self._tried()
        counts = {rate: len(tried[rate]) for rate in (high, low) if rate is not None}
        rate = min(counts, key=lambda one: counts[one])
        return rate if counts[rate] < self.asked.repeats else None


def _stands(trials: Sequence[Trial]) -> bool | None:
    """Return whether a rate held in the majority of its trials; None when they are level."""
    held = sum(one.ended is TrialEnd.HELD for one in trials)
    return None if held * 2 == len(trials) else held * 2 > len(trials)


def _end(rate: float, trials: Sequence[Trial], *, held: bool) -> End:
    times = sum((one.ended is TrialEnd.HELD) is held for one in trials)
    return End(rate, times, len(trials))


def _rounded(rate: float) -> float:
    """Return *rate* with four digits, which people can say and files can hold."""
    digits = 3 - math.floor(math.log10(rate))
    return round(rate, digits)
