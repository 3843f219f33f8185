"""A clock outside the run, which somebody else has set already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hormesis.host import clock_file

if TYPE_CHECKING:
    from tests.crash.case import Case

_OTHER = 3


def prepare(case: Case) -> None:
    clock_file.make(_path(case))
    clock_file.shift(_path(case), _OTHER, offset_s=1.0, rate=0.0)


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage", "path": _path(case), "offset_s": -3600.0}


def bites(case: Case) -> bool:
    return clock_file.shifted(_path(case), _slot(case))


def left(case: Case) -> list[str]:
    found = ["the clock is still shifted"] if clock_file.shifted(_path(case), _slot(case)) else []
    if not clock_file.shifted(_path(case), _OTHER):
        found.append("the shift of somebody else is gone")
    return found


def _path(case: Case) -> str:
    return str(case.stage.folder / "clock")


def _slot(case: Case) -> int:
    return clock_file.number_of(f"{case.run}/clock-1/0.0")
