"""What ``on_fail`` does: in its order, and each part whatever became of the others."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from hormesis.clients.http import Http
from hormesis.engine.making_safe import MARGIN_S, MakingSafe
from hormesis.words.client import ClientKind
from hormesis.words.command import ON_FAIL, Command
from hormesis.words.verb import VerbCall
from tests.unit.engine.fake_custodian import FakeCustodian
from tests.unit.engine.scripted_client import Scripted, taking
from tests.virtual_time import virtually

GOOD = {"exit": 0, "took_s": 0.25, "output": "all\n stopped \n", "late": False}
ONE, TWO = Scripted(work=taking(0.1, "one")), Scripted(work=taking(0.1, "two"))


@dataclass
class Reporting(FakeCustodian):
    """A fake custodian whose program says something."""

    report: dict[str, Any] = field(default_factory=lambda: dict(GOOD))

    async def do(self, effect: str, call: VerbCall, hold_s: float | None) -> dict[str, Any]:
        await super().do(effect, call, hold_s)
        return {"report": self.report}


@dataclass
class Scene:
    custodian: Reporting
    order: list[object] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    bad: tuple[str, ...] = ()

    async def clients(self, several: tuple[ClientKind, ...]) -> tuple[str, ...]:
        self.order.append(several)
        return self.bad

    def note(self, level: str, source: str, text: str) -> None:
        self.notes.append((level, source, text))
        self.order.append(text.split("`")[1])

    async def play(self, *parts: ClientKind | Command) -> None:
        custodian: Any = self.custodian
        await MakingSafe(custodian, self.clients, self.note, self.failed.append).do(parts)


@virtually
async def test_everything_is_done_in_its_order() -> None:
    scene = Scene(Reporting(refuse_do={"on_fail/1": "failed"}))
    await scene.play(ONE, TWO, Command(("a",)), Command(("b",)), ONE)
    assert scene.order == [(ONE, TWO), "a", "b", (ONE,)]
    assert [level for level, _, _ in scene.notes] == ["warning", "info"]
    assert scene.notes[0][2] == "`a` was not run: do refused"


@virtually
async def test_the_custodian_is_asked_for_it_within_its_time() -> None:
    scene = Scene(Reporting())
    await scene.play(Command(("make", "abort"), {"WHO": "me"}, 7.0))
    call = scene.custodian.calls["on_fail/1"]
    assert (call.verb, call.args["subject"]) == ("program", ON_FAIL)
    assert call.args["program"] == "command"
    assert call.args["timeout_s"] == 7.0 + MARGIN_S
    assert call.args["do"] == {
        "run": ["make", "abort"], "env": {"WHO": "me"}, "cwd": os.getcwd(), "timeout_s": 7.0,
    }  # fmt: skip
    assert scene.notes == [
        ("info", ON_FAIL, "`make abort` ended with status 0 after 250ms; it said all | stopped")
    ]


@pytest.mark.parametrize(
    ("report", "level", "told"),
    [
        ({"exit": 2, "output": ""}, "warning", "ended with status 2 after 250ms; it said nothing"),
        ({"exit": -9}, "warning", "ended by signal 9 after 250ms; it said all | stopped"),
        ({"exit": -9, "late": True}, "warning", "was killed, because it took longer than 30s; it"),
        ({"output": "x" * 5000}, "info", "it said …xxx"),
        ({"output": "to redis://u:s3cret@h"}, "info", "it said to redis://u:***@h"),
    ],
)
@virtually
async def test_how_it_ended_is_noted(report: dict[str, Any], level: str, told: str) -> None:
    scene = Scene(Reporting(report={**GOOD, **report}))
    await scene.play(Command(("abort",)))
    ((found, _, text),) = scene.notes
    assert found == level
    assert told in text
    assert len(text) < 800


AFTER = "; it did not bring the system into its safe state"


@pytest.mark.parametrize(
    ("report", "came"),
    [
        ({"exit": 1}, "it ended with status 1 after 250ms, it said all | stopped"),
        ({"exit": 2, "output": ""}, "it ended with status 2 after 250ms"),
        ({"exit": -9, "output": ""}, "it ended by signal 9 after 250ms"),
        (
            {"exit": -9, "late": True, "output": ""},
            "it was killed, because it took longer than 30s",
        ),
    ],
)
@virtually
async def test_a_command_that_went_wrong_did_not_make_it_safe(
    report: dict[str, Any], came: str
) -> None:
    scene = Scene(Reporting(report={**GOOD, **report}))
    await scene.play(Command(("abort", "--token", "s3cret")))
    assert scene.failed == [f"`abort --token '***'` was run and did not succeed: {came}{AFTER}"]


@virtually
async def test_a_command_that_could_not_be_started_is_told() -> None:
    scene = Scene(Reporting(refuse_do={"on_fail/1": "failed"}))
    await scene.play(Command(("abort",)))
    assert scene.failed == [f"`abort` could not be started: do refused{AFTER}"]


@virtually
async def test_what_a_client_was_answered_is_told() -> None:
    asked = Http.model_validate(
        {"base": "http://h:1", "steps": [{"name": "abort", "post": "/x"}]}
    )
    scene = Scene(Reporting(), bad=("abort: http-404",))
    await scene.play(asked)
    assert scene.failed == [
        f"asking http(http://h:1: abort) did not succeed: abort: http 404{AFTER}"
    ]
    well = Scene(Reporting())
    await well.play(asked, Command(("abort",)))
    assert well.failed == []
