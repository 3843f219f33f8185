"""Whatever is done to a good file, reading it gives an experiment or problems, nothing else."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hormesis.words.experiment import Experiment
from hormesis.words.trouble import InputTrouble
from tests.unit.spec.reading import GOOD, read_file, read_text

GOOD_DATA: dict[str, Any] = yaml.safe_load(GOOD)
FUZZ = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        None, True, 0, -1, 1.5, 10**20, "", "x", "3s", "${", "${n}", "${length}", "${link.db.url}",
        "$${", "${index}", "*", "a/b", "a.b", "::", "http://", "http://[", "1e999", [], {},
        [[]], [None], {"": None}, {"x": {"y": []}}, "\ud7ff", "50%", "-", "stop", "fault",
        ["stop"], {"probe": "sql"}, "http://h:99999", "h:0", "host=", "postgresql:///x",
    ]
)  # fmt: skip


def outcome(folder: Path, text: str, name: str) -> Experiment | InputTrouble:
    try:
        return read_text(folder, text, name)
    except InputTrouble as trouble:
        for problem in trouble.problems:
            assert problem.place is not None, problem
            assert "expected" in problem.message, problem
            assert str(problem)
        return trouble


def ways(data: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [way] if way else []
    if isinstance(data, list):
        data = dict(enumerate(data))
    for key, value in data.items() if isinstance(data, dict) else ():
        found += ways(value, (*way, key))
    return found


WAYS = ways(GOOD_DATA)


@FUZZ
@given(st.lists(st.tuples(st.sampled_from(WAYS), ODD), min_size=1, max_size=3))
def test_values_replaced(tmp_path: Path, changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    data = deepcopy(GOOD_DATA)
    for way, value in changes:
        holder: Any = data
        try:
            for step in way[:-1]:
                holder = holder[step]
            holder[way[-1]] = deepcopy(value)
        except (KeyError, IndexError, TypeError):
            continue
    outcome(tmp_path, json.dumps(data), "it.json")


@FUZZ
@given(st.sampled_from(WAYS), st.sampled_from(["drop", "rename", "double", "wrap"]))
def test_structure_changed(tmp_path: Path, way: tuple[Any, ...], change: str) -> None:
    data = deepcopy(GOOD_DATA)
    holder: Any = data
    for step in way[:-1]:
        holder = holder[step]
    value = holder[way[-1]]
    if change == "wrap":
        holder[way[-1]] = [value]
    elif change == "double" and isinstance(holder, list):
        holder.append(value)
    elif change == "double":
        holder[f"{way[-1]}2"] = value
    else:
        del holder[way[-1]]
        if change == "rename" and isinstance(holder, dict):
            holder[f"{way[-1]}x"] = value
    outcome(tmp_path, json.dumps(data), "it.json")


@FUZZ
@given(st.integers(0, len(GOOD)), st.integers(0, 8), st.text(max_size=6))
@example(0, 0, "\t")
@example(6, 0, "&a [*a]")
@example(6, 0, "!!str ")
@example(6, 0, "%")
def test_characters_changed(tmp_path: Path, at: int, dropped: int, inserted: str) -> None:
    text = GOOD[:at] + inserted + GOOD[at + dropped :]
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    outcome(tmp_path, text, "it.yaml")
    outcome(tmp_path, text, "it.txt")


@FUZZ
@given(st.binary(max_size=60))
def test_any_bytes(tmp_path: Path, content: bytes) -> None:
    for name in ("it.yaml", "it.json", "it"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputTrouble):
            read_file(path)


@FUZZ
@given(st.integers(0, len(GOOD) - 1))
def test_cut_off_anywhere(tmp_path: Path, end: int) -> None:
    outcome(tmp_path, GOOD[:end], "it.yaml")
    whole = json.dumps(GOOD_DATA)
    cut = whole[: end % len(whole)]
    assert isinstance(outcome(tmp_path, cut, "it.json"), InputTrouble)
