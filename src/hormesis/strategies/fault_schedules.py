"""Fault schedules: which fault hits when, and for how long."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from hormesis.strategies.drawn import counted

Faults = Sequence[str] | Mapping[str, Mapping[str, Any]]
Track = dict[str, Any]
"""One fault as an experiment file writes it: ``fault``, ``target``, ``at``, ``for``, its fields."""


def fault_schedules(
    faults: Faults,
    *,
    targets: Sequence[str] = ("postgres",),
    within_s: float = 10.0,
    hold_s: tuple[float, float] = (0.1, 2.0),
    min_size: int = 1,
    max_size: int = 5,
    overlapping: bool = False,
) -> st.SearchStrategy[list[Track]]:
    """Draw lists of fault tracks in order of time, as ``tracks`` of an experiment takes them.

    With names of the injector's methods as *faults*, :func:`nemesis_script` makes of them what
    a nemesis replays.

    They shrink to the first fault, once, at the start, for the shortest time.

    Args:
        faults: kinds, or kind → field → value or strategy of it.
        targets: the targets to choose from.
        within_s: all faults are over by then, in seconds.
        hold_s: the shortest and the longest time that one holds, in seconds.
        min_size: the fewest faults.
        max_size: the most. Without *overlapping* fewer may fit.
        overlapping: whether two faults may hold at the same time.

    Raises:
        ValueError: no fault fits into *within_s*, or there is none to choose.
    """
    kinds = faults if isinstance(faults, Mapping) else {one: {} for one in faults}
    shortest, longest = (round(1000 * one) for one in hold_s)
    within_ms = round(1000 * within_s)
    if not kinds or not targets or not 0 < shortest <= longest <= within_ms:
        raise ValueError("no fault fits: it needs a kind, a target and a time within the whole")
    one_track = st.sampled_from(tuple(kinds)).flatmap(
        lambda kind: st.fixed_dictionaries(
            {
                "fault": st.just(kind),
                "target": st.sampled_from(tuple(targets)),
                "at": st.integers(0, within_ms - longest),
                "for": st.integers(shortest, longest),
                **{name: _drawn(value) for name, value in kinds[kind].items()},
            }
        )
    )
    several = st.lists(one_track, min_size=min_size, max_size=max_size)
    return counted("fault_schedules", several.map(lambda some: _in_order(some, overlapping)))


def nemesis_script(schedule: Sequence[Track]) -> str:
    """Return *schedule* as the text that ``Nemesis.replay`` of ``hormesis.testing`` takes."""
    known = {"name", "fault", "target", "at", "for"}
    return json.dumps(
        [
            [
                int(track["at"].removesuffix("ms")) / 1000,
                track["fault"],
                {key: value for key, value in track.items() if key not in known},
                int(track["for"].removesuffix("ms")) / 1000,
            ]
            for track in schedule
        ]
    )


def _drawn(value: Any) -> st.SearchStrategy[Any]:
    return value if isinstance(value, st.SearchStrategy) else st.just(value)


def _in_order(drawn: list[Track], overlapping: bool) -> list[Track]:
    found: list[Track] = []
    free_ms = 0
    for track in sorted(drawn, key=lambda one: int(one["at"])):
        if overlapping or track["at"] >= free_ms:
            free_ms = track["at"] + track["for"]
            name = f"{track['fault']}-{len(found) + 1}"
            times = {"at": f"{track['at']}ms", "for": f"{track['for']}ms"}
            found.append({"name": name, **track, **times})
    return found
