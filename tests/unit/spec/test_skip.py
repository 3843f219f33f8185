"""``skip``: what cannot be run on the given system says so, before parts that lack are mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import SkipTrouble
from tests.unit.spec.reading import GOOD, read_text, troubles

ASKING = "skip:\n  - {when: '%s', because: nobody  there}\n"


@pytest.mark.parametrize("when", ["x", "${length}", "${GIVEN:-}${env.GIVEN}"])
def test_it_is_skipped_with_its_reason_and_place(tmp_path: Path, when: str) -> None:
    text = GOOD.replace("vars: {", "vars: {GIVEN: '', ") + ASKING % when
    with pytest.raises(SkipTrouble) as caught:
        read_text(tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.message == "nobody there"
    assert str(problem).startswith(f"{tmp_path}/it.yaml:")
    assert caught.value.title == "Good"
    assert caught.value.code is ExitCode.CAPABILITY_MISSING


@pytest.mark.parametrize("when", ["", " ", "no", "False", "0", "${env.EMPTY}"])
def test_it_is_read_when_there_is_no_reason(tmp_path: Path, when: str) -> None:
    assert read_text(tmp_path, GOOD + ASKING % when).title == "Good"


def test_what_lacks_is_no_mistake_when_it_is_skipped(tmp_path: Path) -> None:
    lacking = GOOD.replace('workers: {process: "worker-*"}', 'others: {process: "worker-*"}')
    assert "workers" in "".join(troubles(tmp_path, lacking))
    with pytest.raises(SkipTrouble):
        read_text(tmp_path, lacking + ASKING % "x")


def test_reasons_of_included_files_are_joined(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("skip: [{when: x, because: one}]")
    own = "include: part.yaml\nskip: [{when: '', because: two}, {when: x, because: three}]\n"
    with pytest.raises(SkipTrouble) as caught:
        read_text(tmp_path, own + GOOD)
    assert [one.message for one in caught.value.problems] == ["one", "three"]


@pytest.mark.parametrize(
    ("skip", "said"),
    [
        ("skip: x", "expected a list"),
        ("skip: [x]", "expected a mapping"),
        ("skip: [{when: x}]", "expected the key because"),
        ("skip: [{because: x}]", "expected the key when"),
        ("skip: [{when: x, becuase: y}]", "did you mean because"),
        ("skip: [{when: '${nobody}', because: y}]", "expected a declared variable"),
    ],
)
def test_mistakes_in_it_are_told(tmp_path: Path, skip: str, said: str) -> None:
    assert said in "\n".join(troubles(tmp_path, f"{GOOD}{skip}\n"))


def test_mistakes_are_told_rather_than_skipped(tmp_path: Path) -> None:
    text = GOOD.replace("title: Good", "title: Good\nidd: x") + ASKING % "x"
    assert "idd" in "\n".join(troubles(tmp_path, text))
