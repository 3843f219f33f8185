"""A condition that any answer meets, a 500 too, is no condition; nor is one that needs a start."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.words.trouble import InputTrouble

STATE = "title: t\nsteady_state:\n  - {{{condition}}}\n"


def prepared(folder: Path, condition: str) -> None:
    file = folder / "x.yaml"
    file.write_text(STATE.format(condition=condition))
    prepare(RunRequest(file=file, out=folder / "runs"))


@pytest.mark.parametrize(
    "condition", ["probe: http, get: 'http://127.0.0.1:1/'", "probe: command, run: ['false']"]
)
def test_a_probe_whose_every_value_is_good_needs_an_expectation(
    tmp_path: Path, condition: str
) -> None:
    with pytest.raises(InputTrouble, match=r"3:5: steady_state\[0\]: expected the key expect"):
        prepared(tmp_path, condition)
    prepared(tmp_path, condition + ", expect: {exit: 0}")


def test_a_connection_is_good_by_itself(tmp_path: Path) -> None:
    prepared(tmp_path, "probe: tcp, address: '127.0.0.1:1'")


def test_what_has_changed_since_the_start_is_no_condition_of_it(tmp_path: Path) -> None:
    grown = "probe: prometheus, url: 'http://127.0.0.1:1/', metric: lost, since: start, expect: 0"
    with pytest.raises(InputTrouble, match=r"3:5: steady_state\[0\]: expected no since"):
        prepared(tmp_path, grown)
    prepared(tmp_path, grown.replace(", since: start", ""))
