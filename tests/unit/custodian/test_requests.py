"""What counts against the limit on effects: those of faults, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from hormesis.custodian.requests import Requests
from hormesis.host.children import Children
from hormesis.host.services import Services
from hormesis.words.command import ON_FAIL
from hormesis.words.permit import Permit

PERMIT = Permit((("pause", "web"), ("program", ON_FAIL), ("service", "web")), effects_max=2)


class Desk:
    """Requests to a keeper of *open* effects; what is begun stays in a list."""

    def __init__(self, *open_effects: str) -> None:
        self.begun: list[str] = []
        self.replies: list[dict[str, Any]] = []
        effects = SimpleNamespace(
            open=[SimpleNamespace(name=name) for name in open_effects],
            find=lambda name: None,
            note=lambda name, facts: None,
            do=lambda effect, hold_s: self.begun.append(effect.name),
        )
        loop = SimpleNamespace(
            channel=SimpleNamespace(send=self.replies.append),
            spawn=lambda steps, settle: SimpleNamespace(over=True),
        )
        keeper = SimpleNamespace(
            run="r", permit=PERMIT, effects=effects, services=Services("r", Children()),
            companions={}, loop=loop, expired=False, leaving=False,
        )  # fmt: skip
        self._requests = Requests(cast(Any, keeper))

    def do(self, effect: str, verb: str, subject: str) -> str:
        """Ask for it; return why it was refused, if it was."""
        self._requests.answer(
            {"op": "do", "effect": effect, "verb": verb, "args": {"subject": subject}}
        )
        return str(self.replies[-1]["error"]) if self.replies else ""


@pytest.mark.parametrize("lasting", ["slow-1/0", "on_fail/1", "system/web"])
@pytest.mark.parametrize(
    ("name", "verb", "subject"),
    [
        ("on_fail/2", "program", ON_FAIL), ("system/x", "service", "web"),
        ("sore-1/0", "pause", "web"),
    ],
)  # fmt: skip
def test_only_faults_fill_the_limit_and_only_faults_are_held_up_by_it(
    lasting: str, name: str, verb: str, subject: str
) -> None:
    desk = Desk(lasting, f"{lasting}1")
    refused = lasting == "slow-1/0" and name == "sore-1/0"
    why = desk.do(name, verb, subject)
    assert why == ("2 effects are active, the permitted maximum is 2" if refused else "")
    assert desk.begun == ([] if refused else [name])


def test_what_is_no_fault_is_permitted_or_not_all_the_same() -> None:
    desk = Desk()
    assert "does not allow" in desk.do("on_fail/1", "program", "web")
    assert desk.begun == []
