"""Distribution: how a delay varies, and a draw from it."""

from __future__ import annotations

from enum import Enum
from random import Random

PARETO_SHAPE = 3.0
"""A heavy tail whose mean exists; scaled so that the mean is the jitter."""


class Distribution(str, Enum):
    """How the jitter spreads.

    ``uniform``: evenly over ± jitter. ``normal``: with jitter as its standard deviation.
    ``exponential`` and ``pareto``: jitter is the mean of what comes on top of the delay, with a
    light or a heavy tail (shape 3: one in a thousand waits 18 times the jitter longer).
    """

    UNIFORM = "uniform"
    NORMAL = "normal"
    EXPONENTIAL = "exponential"
    PARETO = "pareto"

    @property
    def on_top(self) -> bool:
        """Whether the jitter only ever makes the delay longer, by its value on average."""
        return self in (Distribution.EXPONENTIAL, Distribution.PARETO)

    def drawn(self, rng: Random, delay_s: float, jitter_s: float) -> float:
        """Return a delay in seconds, never below 0."""
        if not jitter_s:
            return delay_s
        if self is Distribution.NORMAL:
            return max(0.0, rng.gauss(delay_s, jitter_s))
        if self is Distribution.EXPONENTIAL:
            return delay_s + rng.expovariate(1 / jitter_s)
        if self is Distribution.PARETO:
            above = rng.paretovariate(PARETO_SHAPE) - 1
            return delay_s + jitter_s * (PARETO_SHAPE - 1) * above
        return max(0.0, delay_s + rng.uniform(-jitter_s, jitter_s))
