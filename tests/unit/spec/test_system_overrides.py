"""A system file says where it differs from what an experiment assumes: `overrides`."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.trouble import InputTrouble
from tests.unit.spec.reading import read_text

FILE = """\
title: T
vars: {sql: SELECT 1, users: 3, known: "${sql}!", level: "1"}
variants: {by: level, of: {"1": {length: 5s}, "2": {length: 7s}}}
system: {use: installed, set: {knob: "${users}"}}
"""


def system_in(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_overrides_count_more_than_vars_and_variants_and_less_than_the_command_line(
    tmp_path: Path,
) -> None:
    mine = system_in(
        tmp_path, "vars: {address: here}\noverrides: {sql: 'of ${address}', length: 9s, users: 4}\n"
    )
    read = read_text(tmp_path, FILE, system=mine, overrides={"users": "8"}).variables
    assert read["sql"] == "of here"
    assert read["known"] == "of here!"
    assert (read["length"], read["users"]) == ("9s", "8")


def test_an_override_may_choose_a_variant(tmp_path: Path) -> None:
    mine = system_in(tmp_path, "overrides: {level: 2}\n")
    assert read_text(tmp_path, FILE, system=mine).variables["length"] == "7s"


def test_what_this_experiment_does_not_have_means_nothing_here(tmp_path: Path) -> None:
    mine = system_in(tmp_path, "overrides: {of_another_suite: 1}\n")
    assert "of_another_suite" not in read_text(tmp_path, FILE, system=mine).variables


def test_a_system_that_replaces_another_need_not_have_its_variables(tmp_path: Path) -> None:
    mine = system_in(tmp_path, "vars: {address: here}\n")
    assert "knob" not in read_text(tmp_path, FILE, system=mine).variables
    with pytest.raises(InputTrouble) as caught:
        read_text(tmp_path, FILE, systems={"installed": mine})
    assert "expected a variable of the system, found knob" in str(caught.value)


def test_an_override_without_a_proper_name_is_told_with_its_place(tmp_path: Path) -> None:
    mine = system_in(tmp_path, "overrides: {env: 1}\n")
    with pytest.raises(InputTrouble) as caught:
        read_text(tmp_path, FILE, system=mine)
    assert "mine.yaml:1:13: overrides.env: expected a name that is not re" in str(caught.value)
