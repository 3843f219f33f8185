"""Shrinks: what Hypothesis tells about each test, taken up beside its own statistics.

Hypothesis hands its figures to one collector, which its pytest plugin sets for
``--hypothesis-show-statistics``. The one that is set here hands everything on to it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

PHASES = ("reuse", "generate", "shrink")


@dataclass
class Shrinks:
    """Sums over all Hypothesis runs of one test."""

    runs: int = 0
    examples: int = 0
    tried: int = 0
    good: int = 0

    def add(self, statistics: Mapping[str, Any]) -> None:
        """Add one run's figures; what is missing or of another shape counts as nothing."""
        self.runs += 1
        for phase in PHASES:
            told = statistics.get(f"{phase}-phase")
            if not isinstance(told, Mapping):
                continue
            cases = told.get("test-cases")
            number = len(cases) if isinstance(cases, list) else 0
            self.examples += number
            if phase == "shrink":
                self.tried += number
                good = told.get("shrinks-successful")
                self.good += good if isinstance(good, int) else 0


@contextmanager
def collected() -> Iterator[Shrinks]:
    """Collect while a test runs; nothing is collected unless the test has loaded Hypothesis."""
    shrinks = Shrinks()
    module = sys.modules.get("hypothesis.statistics")
    collector = getattr(module, "collector", None)
    if collector is None:
        yield shrinks
        return
    theirs: Callable[[Any], None] | None = collector.value

    def both(statistics: Any) -> None:
        if isinstance(statistics, Mapping):
            shrinks.add(statistics)
        if theirs is not None:
            theirs(statistics)

    with collector.with_value(both):
        yield shrinks
