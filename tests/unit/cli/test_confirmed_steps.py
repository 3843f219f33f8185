"""A suite that asks shows each destructive step, and no step is taken after a no."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from hormesis.cli import confirmation
from hormesis.cli.confirmation import Declined, confirm_steps
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.suite_run import DeclinedScenario
from hormesis.words.outcome import ExitCode
from hormesis.words.timeline import Timeline


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    file = tmp_path / "it.json"
    tracks = [
        {"name": "first", "target": "it", "fault": "pause", "at": "2s", "for": "1m"},
        {"name": "second", "target": "it", "fault": "kill", "at": "90s"},
    ]
    file.write_text(json.dumps({
        "title": "it",
        "system": {
            "processes": {"web": {"run": ["sleep", "9"]}},
            "targets": {"it": {"process": "web"}},
        },
        "tracks": tracks,
    }))  # fmt: skip
    return prepare(RunRequest(file=file, out=tmp_path)).timeline


@pytest.mark.parametrize(
    ("answers", "asked"), [([True, True], 2), ([False], 1), ([True, False], 2)], ids=str
)
def test_each_step_is_asked_about_until_a_no(
    answers: list[bool], asked: int, timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []

    def answer(question: str, **given: object) -> bool:
        questions.append(question)
        return answers[len(questions) - 1]

    monkeypatch.setattr(confirmation, "is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", answer)
    if all(answers):
        confirm_steps(timeline, name="L-LOCK")
    else:
        with pytest.raises(DeclinedScenario, match="declined at the terminal"):
            confirm_steps(timeline, name="L-LOCK")
    assert questions == [
        "L-LOCK, step 1 of 2, at 2s: pause on it for 1m. Go on?",
        "L-LOCK, step 2 of 2, at 90s: kill on it. Go on?",
    ][:asked]


def test_an_interrupted_question_ends_more_than_the_scenario(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(question: str, **given: object) -> bool:
        raise typer.Abort

    monkeypatch.setattr(confirmation, "is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", answer)
    with pytest.raises(Declined, match="interrupted at the question") as caught:
        confirm_steps(timeline, name="L-LOCK")
    assert caught.value.code is ExitCode.INTERRUPTED


def test_nobody_is_asked_without_a_terminal(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(confirmation, "is_terminal", lambda: False)
    monkeypatch.setattr(confirmation.typer, "confirm", lambda text, **how: asked.append(text))
    confirm_steps(timeline, name="L-LOCK")
    assert asked == []
