"""A folder for what services write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage", "path": str(_scratch(case))}


def bites(case: Case) -> bool:
    return _scratch(case).is_dir()


def left(case: Case) -> list[str]:
    return ["the scratch folder is there"] if _scratch(case).exists() else []


def _scratch(case: Case) -> Path:
    return case.stage.folder / "scratch"
