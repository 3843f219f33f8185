"""Gathering: what one test leaves behind, carried from its process to the one that leads.

A test's report takes it along as plain data, which pytest-xdist sends from worker to controller.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hormesis.testing.effectiveness.modes import CATEGORIES, DRAWN
from hormesis.testing.effectiveness.rows import Evidence, Execution, Outcome, Sighting

MARKERS = ("chaos", *CATEGORIES, "experiment")
"""A test that bears one of these is a chaos test; so is any test in which something bit."""
PROOF_MAX = 240
"""Characters of a proof that are kept."""

Effect = tuple[str, str]
"""A word of evidence, and the proof."""


def is_chaos_test(
    categories: Sequence[str], effects: Sequence[Effect], drawn: Mapping[str, int]
) -> bool:
    """Whether a test counts: by a marker, by what it did to the system, or by what was drawn."""
    return bool(categories or effects or any(number > 0 for number in drawn.values()))


@dataclass
class Gathered:
    """Rows of the run that is going on; the run has no number yet, so they bear 0."""

    executions: list[Execution] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    evidence: dict[str, list[Evidence]] = field(default_factory=dict)
    """By test: a repeated test tells all its effects again, so the latest counts."""

    def take(self, told: Mapping[str, Any]) -> None:
        """Take up what :func:`packed` or :func:`packed_effects` made."""
        test = told["test"]
        if "outcome" in told:
            self.executions.append(
                Execution(
                    0,
                    test,
                    Outcome(told["outcome"]),
                    told["duration_s"],
                    tuple(told["categories"]),
                    *told["shrinks"],
                )
            )
            for error, place, message, expected in told["sightings"]:
                function = self.executions[-1].function
                self.sightings.append(Sighting(0, function, error, place, message, expected))
        if "effects" in told:
            self.evidence[test] = [
                Evidence(0, test, word, count, proof, tuple(told["categories"]))
                for word, count, proof in told["effects"]
            ]

    def all_evidence(self) -> list[Evidence]:
        """Return the evidence of tests that were really executed."""
        ran = {one.test for one in self.executions}
        return [one for test, all_of in self.evidence.items() if test in ran for one in all_of]


def packed(
    test: str,
    outcome: Outcome,
    duration_s: float,
    categories: Sequence[str],
    sightings: Iterable[Sighting],
    shrinks: tuple[int | None, int | None, int | None],
) -> dict[str, Any]:
    """Return one execution as plain data."""
    return {
        "test": test,
        "outcome": outcome.value,
        "duration_s": duration_s,
        "categories": list(categories),
        "sightings": [[one.error, one.place, one.message, one.expected] for one in sightings],
        "shrinks": list(shrinks),
    }


def packed_effects(
    test: str, categories: Sequence[str], effects: Iterable[Effect], drawn: Mapping[str, int]
) -> dict[str, Any]:
    """Return a test's evidence as plain data: each word with its count and its latest proof."""
    counts: Counter[str] = Counter()
    proofs: dict[str, str] = {}
    for word, proof in effects:
        counts[word] += 1
        proofs[word] = proof[:PROOF_MAX]
    for strategy, number in drawn.items():
        if number > 0:
            word = f"{DRAWN}{strategy}"
            counts[word] += number
            proofs[word] = f"{number} drawn"
    return {
        "test": test,
        "categories": list(categories),
        "effects": [[word, counts[word], proofs[word]] for word in sorted(counts)],
    }


def drawn_until_now() -> Counter[str]:
    """Return how many examples each of our Hypothesis strategies has drawn in this process."""
    module = sys.modules.get("hormesis.strategies.drawn")
    found = getattr(module, "DRAWN", None)
    return Counter(found) if isinstance(found, Counter) else Counter()
