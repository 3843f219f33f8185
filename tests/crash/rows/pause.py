"""The stage's process is held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage"}


def bites(case: Case) -> bool:
    stats = [who.stat() for who in case.stage.live()]
    return all(stat is not None and stat.stopped for stat in stats)


def left(case: Case) -> list[str]:
    live = case.stage.live()
    return [f"{who} is stopped" for who in live if (stat := who.stat()) and stat.stopped]
