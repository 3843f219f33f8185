"""The stage's process started anew with something in its environment, or stopped slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hormesis.host.process import Identity, read_proc

if TYPE_CHECKING:
    from tests.crash.case import Case

_VARIABLE = "HORMESIS_TEST_ROW"


def args(case: Case) -> dict[str, Any]:
    if _slow(case):
        return {"subject": "stage", "start": "undo", "slow_s": 0.05, "grace_s": 1}
    return {"subject": "stage", "env": {_VARIABLE: case.run}}


def bites(case: Case) -> bool:
    live = case.stage.live()
    return not live if _slow(case) else bool(live) and all(_bears(case, who) for who in live)


def left(case: Case) -> list[str]:
    return [f"{who} was started our way" for who in case.stage.live() if _bears(case, who)]


def _slow(case: Case) -> bool:
    return case.victim in ("custodian", "freeze")


def _bears(case: Case, who: Identity) -> bool:
    return f"{_VARIABLE}={case.run}".encode() in read_proc(who.pid, "environ")
