"""The stage's process is stopped and started again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage"}


def bites(case: Case) -> bool:
    return not case.stage.live()


def left(case: Case) -> list[str]:
    return []
