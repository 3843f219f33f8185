"""A program that makes a file, and removes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    placed = str(_placed(case))
    return {
        "subject": "stage",
        "program": "crash_programs.place",
        "capture": {"path": placed},
        "do": {"path": placed, "there": True},
        # What it was before is known from the ledger alone.
        "undo": {"path": placed, "there": True},
    }


def bites(case: Case) -> bool:
    return _placed(case).exists()


def left(case: Case) -> list[str]:
    return ["the program's file is there"] if _placed(case).exists() else []


def _placed(case: Case) -> Path:
    return case.stage.folder / "placed"
