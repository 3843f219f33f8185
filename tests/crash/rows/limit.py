"""A resource limit of the stage's process: of its descriptors or of its address space."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

from hormesis.host.resource_limits import RESOURCES

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    left = 1 << 20 if _resource(case) == "as" else 2
    return {"subject": "stage", "resource": _resource(case), "left": left}


def bites(case: Case) -> bool:
    return all(_soft(case, who.pid) != _usual(case)[0] for who in case.stage.live())


def left(case: Case) -> list[str]:
    return [
        f"the stage's limit is {_soft(case, who.pid)}"
        for who in case.stage.live()
        if _soft(case, who.pid) != _usual(case)[0]
    ]


def _resource(case: Case) -> str:
    return "as" if case.victim in ("both", "freeze") else "nofile"


def _soft(case: Case, pid: int) -> int:
    return resource.prlimit(pid, RESOURCES[_resource(case)])[0]


def _usual(case: Case) -> tuple[int, int]:
    return resource.getrlimit(RESOURCES[_resource(case)])
