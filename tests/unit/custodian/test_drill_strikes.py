"""Nobody is killed, and nothing is proven, while no fault bites."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from hormesis.custodian import drill as module
from hormesis.custodian.drill import Round
from hormesis.custodian.registry import OpenRun
from hormesis.host.process import Identity, boot_id

BITTEN = {"fault": {"id": "sore-1", "bitten": 90.0}}


@dataclass
class Engine:
    """An engine that lives, and writes down that it is killed."""

    status: int | None = None
    killed: bool = False

    def poll(self) -> int | None:
        return self.status

    def kill(self) -> None:
        self.killed = True


@dataclass
class Struck:
    """One strike at a run that is open, without waiting; what is sent stays in a list."""

    folder: Path
    patch: pytest.MonkeyPatch
    engine: Engine = field(default_factory=Engine)
    sent: list[int] = field(default_factory=list)
    waited_s: list[float] = field(default_factory=list)
    open: bool = True
    custodian: Identity | None = field(default_factory=lambda: Identity.of(os.getpid()))

    def __call__(self, victim: str, lasted_s: float, moment: float | None = None) -> Round:
        run = OpenRun("r", self.folder / "ledger", self.custodian, None, self.folder / "pointer")

        def until(condition: Callable[[], bool], within_s: float) -> bool:
            self.waited_s.append(within_s)
            return condition()

        self.patch.setattr(module, "_until", until)
        self.patch.setattr(module, "open_runs", lambda state: [run] if self.open else [])
        one = Round(victim, self.folder)
        module._struck(one, cast(Any, self.engine), self.folder, lasted_s, moment)
        return one


@pytest.fixture
def struck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Struck:
    struck = Struck(tmp_path, monkeypatch)
    monkeypatch.setattr(module, "send", lambda who, number: struck.sent.append(number))
    return struck


def bites(folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "history.jsonl").write_text(json.dumps(BITTEN) + "\n")


@pytest.mark.parametrize("victim", module.VICTIMS)
def test_without_a_bite_nobody_is_killed_and_the_round_says_so(
    struck: Struck, victim: str
) -> None:
    one = struck(victim, lasted_s=100.0)
    assert one.trouble == "no fault bit within 260 s"
    assert not one.held
    assert not struck.engine.killed and struck.sent == []
    assert one.run_id == "r", "what is left of it is looked for all the same"


def test_a_run_that_ended_while_it_was_waited_for_proves_nothing(struck: Struck) -> None:
    struck.engine.status = 0
    assert struck("custodian", 1.0).trouble == "the run was over before a fault bit"
    assert struck.sent == []


def test_a_bite_is_waited_for_as_long_as_the_clean_round_may_take(struck: Struck) -> None:
    bites(struck.folder)
    one = struck("both", lasted_s=3600.0)
    assert struck.waited_s[0] > 3600.0
    assert one.trouble == ""
    assert struck.engine.killed and struck.sent == [signal.SIGSTOP, signal.SIGKILL]


def test_a_drawn_moment_needs_no_bite(struck: Struck) -> None:
    one = struck("engine", lasted_s=10.0, moment=0.25)
    assert struck.waited_s == [2.5]
    assert struck.engine.killed and not one.trouble
    struck.open = False
    assert struck("engine", lasted_s=10.0, moment=0.25).missed


def test_a_custodian_that_ends_just_before_it_is_struck_costs_no_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Identity, "alive", property(lambda self: True))
    struck = Struck(tmp_path, monkeypatch, custodian=Identity(2**22 - 1, 1, boot_id()))
    assert struck("both", lasted_s=1.0, moment=0.5).trouble == ""
    assert struck.engine.killed
