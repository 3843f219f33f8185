"""A service of the run's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    return {"subject": "server", "run": ["/bin/sh", "-c", "sleep 601 & wait"], "grace_s": 1}


def bites(case: Case) -> bool:
    return len(case.marked()) >= 2


def left(case: Case) -> list[str]:
    return []
