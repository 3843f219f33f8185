"""Delay felt: whether a delay that was measured is about the one that was asked for."""

from __future__ import annotations

ENOUGH = 0.8
"""The share of the asked delay that must be measured before a delay counts as biting."""


def felt(mean_ms: float, asked_s: float) -> bool:
    """Return whether there was a delay at all, and about as long a one as asked."""
    return mean_ms > 0 and mean_ms >= ENOUGH * 1000 * asked_s
