"""A control group around the stage's process; each victim tries another controller."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hormesis.host import cgroups
from hormesis.host.cgroups import missing_controller

if TYPE_CHECKING:
    from tests.crash.case import Case

_CONTROLLERS: dict[str, dict[str, Any]] = {
    "engine": {"controller": "cpu", "cpus": 0.5},
    "custodian": {"controller": "memory", "limit": 32_000_000, "oom_score_adj": 500},
    "both": {"controller": "freezer"},
    "freeze": {"controller": "pids", "left": 0},
}


def missing() -> str:
    every = [missing_controller(args["controller"]) for args in _CONTROLLERS.values()]
    return "; ".join(filter(None, every))


def args(case: Case) -> dict[str, Any]:
    return {"subject": "stage", **_CONTROLLERS[case.victim]}


def bites(case: Case) -> bool:
    return all(_ours(case, who.pid) for who in case.stage.live()) and bool(_groups(case))


def left(case: Case) -> list[str]:
    found = [f"the control group {group} is there" for group in _groups(case)]
    for who in case.stage.live():
        if (score := Path(f"/proc/{who.pid}/oom_score_adj").read_text().strip()) != "0":
            found.append(f"the stage's process has the score {score}")
        for line in Path(f"/proc/{who.pid}/cgroup").read_text().splitlines():
            if line not in Path("/proc/self/cgroup").read_text().splitlines():
                found.append(f"the stage's process is in {line}")
    return found


def _ours(case: Case, pid: int) -> bool:
    return f"hormesis-{case.run}" in Path(f"/proc/{pid}/cgroup").read_text()


def _groups(case: Case) -> list[Path]:
    hierarchy = cgroups.hierarchy_of(_CONTROLLERS[case.victim]["controller"])
    # A walk, not a glob: a group of somebody else may go while we look.
    return [
        Path(parent, name)
        for parent, names, _ in os.walk(hierarchy.mount)
        for name in names
        if name.startswith(f"hormesis-{case.run}-")
    ]
