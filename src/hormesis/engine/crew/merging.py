"""Merging: one record of a load from the records of the workers that played it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hormesis.words.history import LoadRecord

_TOLD_MAX = 3
_SHARES = {1: "all", 2: "its half", 3: "its third", 4: "its quarter"}


def share_in_words(parts: int) -> str:
    """Return what one of *parts* equal parts is called."""
    return _SHARES.get(parts, f"its {parts}th part")


def merged(
    records: Mapping[str, LoadRecord], *, lost: Sequence[str] = (), troubles: Sequence[str] = ()
) -> LoadRecord:
    """Return the sum of *records*, by who made them; there is at least one.

    Counts are added; of lateness, spread and CPU the worst counts. It has ended when every part
    has. *lost* and *troubles* are what the crew itself knows of the load.
    """
    parts = list(records.values())
    ends = [one.ended for one in parts]
    spreads = [one.spread_s for one in parts if one.spread_s is not None]
    return replace(
        parts[0],
        started=min(one.started for one in parts),
        ended=None if None in ends else max(end for end in ends if end is not None),
        users=sum(one.users for one in parts),
        iterations=sum(one.iterations for one in parts),
        dropped=sum(one.dropped for one in parts),
        waited=sum(one.waited for one in parts),
        spread_s=max(spreads, default=None),
        loop_lag_s=max(one.loop_lag_s for one in parts),
        cpu_share=max(one.cpu_share for one in parts),
        late_p50_s=max(one.late_p50_s for one in parts),
        late_p95_s=max(one.late_p95_s for one in parts),
        late_p99_s=max(one.late_p99_s for one in parts),
        cpu_wait_share=max(one.cpu_wait_share for one in parts),
        processes=len(parts),
        trouble=_told([*_own_troubles(records), *troubles]),
        lost=_told(lost),
    )


def _own_troubles(records: Mapping[str, LoadRecord]) -> list[str]:
    """Return what the workers tell, each with who does; once when all of them tell the same."""
    told = {who: one.trouble for who, one in records.items() if one.trouble}
    if len(told) == len(records) and len(set(told.values())) == 1:
        return [next(iter(told.values()))]
    return [f"{who}: {text}" for who, text in told.items()]


def _told(texts: Sequence[str]) -> str:
    more = len(texts) - _TOLD_MAX
    return "; ".join([*texts[:_TOLD_MAX], *([f"and {more} more"] if more > 0 else [])])
