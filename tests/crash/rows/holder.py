"""A program whose life is the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage", "program": "crash_programs.hold"}


def bites(case: Case) -> bool:
    return any("/holder-1/0" in case.mark_of(pid) for pid in case.marked())


def left(case: Case) -> list[str]:
    return []
