"""Causes: what several scenarios lack for the same reason is told once, with all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hormesis.compose.lack import Lack, grouped


@dataclass(frozen=True)
class Cause:
    """One thing that does not fit, and the scenarios that it concerns."""

    lack: Lack
    scenarios: tuple[str, ...]


def causes_of(lacking: Mapping[str, Iterable[Lack]]) -> tuple[Cause, ...]:
    """Return what the scenarios, by name, lack: each thing once, in the order of the scenarios.

    Things that say the same and concern the same scenarios are one.
    """
    concerned: dict[Lack, list[str]] = {}
    for scenario, lacks in lacking.items():
        for lack in dict.fromkeys(lacks):
            concerned.setdefault(lack, []).append(scenario)
    alike: dict[tuple[str, ...], list[Lack]] = {}
    for lack, scenarios in concerned.items():
        alike.setdefault(tuple(scenarios), []).append(lack)
    return tuple(
        Cause(lack, scenarios) for scenarios, lacks in alike.items() for lack in grouped(lacks)
    )


def several(causes: Sequence[Cause]) -> tuple[Cause, ...]:
    """Return those of *causes* that concern more than one scenario."""
    return tuple(one for one in causes if len(one.scenarios) > 1)
