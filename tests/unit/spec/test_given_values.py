"""What is wrong with a value that the user gave is told where it was given, and once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hormesis.spec.given_text import GivenText
from hormesis.words.trouble import InputTrouble
from tests.unit.spec.reading import read_text

FILE = """\
title: T
vars: {patience: 30, rest: "${patience}", level: "1", body: {a: 1}, path: x}
variants: {by: level, of: {"1": {length: 5}, "2": {length: 7}}}
system:
  links: {web: {upstream: "http://127.0.0.1:80"}}
  targets: {web: {link: web}}
limits: {duration: "${patience}s", settle: "${rest}s", heal_within: "${patience}s"}
seed: "${length}"
"""


def problems(folder: Path, text: str = FILE, **more: Any) -> list[str]:
    with pytest.raises(InputTrouble) as caught:
        read_text(folder, text, **more)
    return [str(one).replace(f"{folder}/", "") for one in caught.value.problems]


def system_in(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_a_value_of_the_command_line_is_told_once_by_its_words(tmp_path: Path) -> None:
    told = problems(tmp_path, overrides={"patience": "-5"})
    assert told == [
        "--set patience=-5: expected a duration with a unit, such as 500ms, 30s or 1m30s, "
        "found '-5s'; it is used as '${patience}s'"
    ]
    words = {"patience": GivenText("-5", "PATIENCE=-5")}
    assert problems(tmp_path, overrides=words)[0].startswith("PATIENCE=-5: expected a duration")


def test_a_value_of_a_system_file_is_told_where_it_stands(tmp_path: Path) -> None:
    mine = system_in(tmp_path, "vars: {v: 1}\noverrides:\n  patience: ten\n  length: many\n")
    assert problems(tmp_path, system=mine) == [
        "mine.yaml:3:13: overrides.patience: expected a duration with a unit, such as 500ms, 30s "
        "or 1m30s, found 'tens'; it is used as '${patience}s'",
        "mine.yaml:4:11: overrides.length: expected a whole number, found 'many'",
    ]


def test_what_the_file_itself_says_wrong_stays_its_own(tmp_path: Path) -> None:
    told = problems(tmp_path, FILE.replace("patience: 30", "patience: ten"))
    places = ["it.yaml:7:20", "it.yaml:7:44", "it.yaml:7:69"]
    assert [one.partition(": ")[0] for one in told] == places


def test_a_place_inside_a_mapping_is_told(tmp_path: Path) -> None:
    text = FILE.replace("  targets: {web: {link: web}}\n", "")
    text = text.replace("body: {a: 1}", "body: {link: web}") + 'targets: {it: "${body}"}\n'
    mine = system_in(tmp_path, "links: {web: {upstream: 'a:1'}}\noverrides: {body: {link: off}}\n")
    assert problems(tmp_path, text, system=mine) == [
        "mine.yaml:2:26: overrides.body.link: expected the name of a link, found 'off'; "
        "declared links: web"
    ]


def test_of_several_values_none_is_blamed_alone(tmp_path: Path) -> None:
    text = FILE.replace('settle: "${rest}s"', 'settle: "${rest}${level}x"')
    mine = system_in(tmp_path, 'overrides: {rest: "7"}\n')
    (told,) = problems(tmp_path, text, system=mine, overrides={"level": "2"})
    assert told.startswith("it.yaml:7:44: limits.settle: expected a duration")
    assert told.endswith("it comes from mine.yaml:1:19 (overrides.rest), --set level=2")


def test_the_command_line_behind_a_system_file_s_text_is_told(tmp_path: Path) -> None:
    mine = system_in(tmp_path, 'vars: {n: 1}\noverrides: {patience: "${n}"}\n')
    (told,) = problems(tmp_path, system=mine, overrides={"n": "z"})
    assert told.startswith("--set n=z: expected a duration")


def test_a_default_that_is_not_taken_is_not_blamed(tmp_path: Path) -> None:
    text = FILE.replace('settle: "${rest}s"', 'settle: "${rest:-${path}}x"')
    (told,) = problems(tmp_path, text, overrides={"path": "q"})
    assert told.startswith("it.yaml:7:44: limits.settle")
    (told,) = problems(
        tmp_path, text.replace('rest: "${patience}"', 'rest: ""'), overrides={"path": "q"}
    )
    assert told.startswith("--set path=q: expected a duration")


def test_a_choice_of_a_variant_that_there_is_not_is_told_where_it_was_made(tmp_path: Path) -> None:
    text = FILE.replace("length: 5", "path: y").replace("length: 7", "path: z")
    text = text.replace('"${length}"', "1")
    (told,) = problems(tmp_path, text, overrides={"level": "9"})
    assert told == "--set level=9: expected level to be one of 1, 2, found '9'"


@pytest.mark.parametrize("text", ["postgresql://u:secret@h/x", "postgresql//u:secret@h/x"])
def test_no_password_is_shown(text: str, tmp_path: Path) -> None:
    told = problems(tmp_path, overrides={"level": text})
    assert told[0].startswith("--set level=postgresql")
    assert "secret" not in told[0].partition(": expected")[0]
