"""``on_fail``: clients like those of ``finish``, and commands, each of which may say when."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.command import Command
from tests.unit.spec.reading import GOOD, read_text, troubles

STEP = '{http: "${link.web.url}", steps: [{name: abort, get: /abort}], when: "${pause}"}'


def text(pause: str, element: str = STEP) -> str:
    return GOOD.replace("vars: {", f'vars: {{pause: "{pause}", ') + f"on_fail:\n  - {element}\n"


@pytest.mark.parametrize(
    ("pause", "count"), [("yes", 1), ("1", 1), ("true", 1), ("", 0), ("no", 0), ("0", 0)]
)
def test_it_is_done_when_its_variable_says_so(pause: str, count: int, tmp_path: Path) -> None:
    assert len(read_text(tmp_path, text(pause)).on_fail) == count


def test_without_when_it_is_always_done(tmp_path: Path) -> None:
    element = STEP.replace(', when: "${pause}"', "")
    assert len(read_text(tmp_path, text("no", element)).on_fail) == 1


def test_its_problems_have_their_place(tmp_path: Path) -> None:
    (told,) = troubles(tmp_path, text("yes", STEP.replace("when", "whenn")))
    assert "on_fail[0].whenn: expected a known key, found whenn" in told
    (told,) = troubles(tmp_path, text("yes", "3"))
    assert "on_fail[0]: expected path.py:Class or a mapping with one of" in told


def test_unless_says_no_as_well(tmp_path: Path) -> None:
    element = STEP.replace("when", "unless")
    counts = [len(read_text(tmp_path, text(pause, element)).on_fail) for pause in ("", "no", "yes")]
    assert counts == [1, 1, 0]


@pytest.mark.parametrize(
    ("element", "command"),
    [
        ("{run: [make, abort, '3']}", Command(("make", "abort", "3"))),
        ("{run: make -C 'my trader' abort}", Command(("make", "-C", "my trader", "abort"))),
        ("{run: [a], env: {N: '1'}, timeout: 90s}", Command(("a",), {"N": "1"}, 90.0)),
        ('{run: "${pause}", when: "${pause}"}', Command(("make", "abort"))),
    ],
)
def test_a_command_is_a_list_or_a_text(element: str, command: Command, tmp_path: Path) -> None:
    assert read_text(tmp_path, text("make abort", element)).on_fail == (command,)


def test_a_command_that_is_not_meant_may_be_empty(tmp_path: Path) -> None:
    element = '{run: "${pause}", when: "${pause}"}'
    assert read_text(tmp_path, text("", element)).on_fail == ()


@pytest.mark.parametrize(
    ("element", "told"),
    [
        ("{run: []}", "on_fail[0].run: expected a command, such as make abort, found an "),
        ('{run: ""}', "on_fail[0].run: expected a command, such as make abort, found "),
        ("{run: [make, 3]}", "on_fail[0].run[1]: expected text, found 3; put it in quotes"),
        ("{run: 3}", "on_fail[0].run: expected a list, found 3"),
        ("{run: make 'abort}", "on_fail[0].run: expected a command as a shell would take it: No c"),
        ("{run: [make], timout: 3s}", "on_fail[0].timout: expected a known key, found timout; did"),
        ("{run: [make], timeout: 0s}", "on_fail[0].timeout: expected more than 0"),
        ("{run: [make], env: [a]}", "on_fail[0].env: expected a mapping"),
        ("{rnu: [make]}", "did you mean run?"),
        ("{run: [make], http: a}", "on_fail[0].run: expected a known key, found run"),
    ],
)
def test_a_bad_command_is_told(element: str, told: str, tmp_path: Path) -> None:
    assert any(told in one for one in troubles(tmp_path, text("yes", element)))


def test_what_looks_secret_is_not_shown() -> None:
    shown = Command(("abort", "--token", "s3cret", "postgresql://me:pw@db/x")).describe()
    assert "s3cret" not in shown
    assert ":pw@" not in shown
