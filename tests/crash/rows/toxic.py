"""A toxic on a link of a proxy outside the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.crash.case import Case


def args(case: Case) -> dict[str, Any]:
    return {
        "subject": case.stage.link,
        "control": case.stage.control,
        "name": case.run,
        "toxic": "latency",
        "stream": "downstream",
        "attributes": {"delay": "1ms"},
    }


def bites(case: Case) -> bool:
    return case.run in case.stage.toxics()


def left(case: Case) -> list[str]:
    return ["the toxic is there"] if case.run in case.stage.toxics() else []
