"""Variants: one variable's value chooses the values of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.trouble import InputTrouble
from tests.unit.spec.reading import read_text, troubles

FILE = """\
title: T
vars: {difficulty: 1, workers: "0", label: "of ${workers}"}
variants:
  by: difficulty
  of:
    "1": {workers: 2, deadline: 45s}
    "2": {workers: 3, deadline: "${workers}m"}
"""


@pytest.mark.parametrize(
    ("overrides", "known"),
    [
        ({}, {"workers": "2", "deadline": "45s", "label": "of 2"}),
        ({"difficulty": "2"}, {"workers": "3", "deadline": "3m", "label": "of 3"}),
        ({"difficulty": "2", "workers": "9"}, {"workers": "9", "deadline": "9m"}),
        ({"deadline": "1s"}, {"workers": "2", "deadline": "1s"}),
    ],
)
def test_the_value_chooses_and_the_command_line_counts_more(
    overrides: dict[str, str], known: dict[str, str], tmp_path: Path
) -> None:
    variables = read_text(tmp_path, FILE, overrides=overrides).variables
    assert {name: variables[name] for name in known} == known


def test_an_unknown_choice_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputTrouble) as caught:
        read_text(tmp_path, FILE, overrides={"difficulty": "7"})
    (problem,) = caught.value.problems
    assert problem.path == "--set difficulty=7"
    assert problem.message == "expected difficulty to be one of 1, 2, found '7'"


def test_an_unknown_choice_of_the_file_itself_is_told_where_it_chooses(tmp_path: Path) -> None:
    with pytest.raises(InputTrouble) as caught:
        read_text(tmp_path, FILE.replace("difficulty: 1", "difficulty: 7"))
    (problem,) = caught.value.problems
    assert problem.path == "variants.by"


def test_included_files_add_choices_and_later_files_count_more(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(FILE.replace("title: T\n", ""))
    text = """\
title: T
include: part.yaml
vars: {difficulty: "3"}
variants:
  by: difficulty
  of: {"1": {workers: 5}, "3": {workers: 7, deadline: 9s}}
"""
    assert read_text(tmp_path, text).variables["workers"] == "7"
    first = read_text(tmp_path, text, overrides={"difficulty": "1"}).variables
    assert (first["workers"], first["deadline"]) == ("5", "45s")


def test_what_a_variant_sets_must_be_declared_or_set_by_every_choice(tmp_path: Path) -> None:
    text = 'title: T\nvars: {size: s, n: 1}\nvariants: {by: size, of: {s: {m: 1}, l: {nn: 2}}}\n'
    told = troubles(tmp_path, text)
    assert told[0].startswith("it.yaml:3:31: variants.of.s.m: expected a declared variable")
    assert told[1].startswith("it.yaml:3:42: variants.of.l.nn: expected a declared variable")


def test_who_chooses_must_be_declared_and_is_not_chosen(tmp_path: Path) -> None:
    text = "title: T\nvars: {size: s}\nvariants: {by: sice, of: {s: {size: 1}}}\n"
    (told,) = troubles(tmp_path, text)
    assert told.endswith("expected a declared variable, found 'sice'; did you mean size?")
    (told,) = troubles(tmp_path, text.replace("sice", "size"))
    assert "expected a variable other than size" in told
