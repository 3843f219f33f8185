"""Recorded arrivals: what files may look like, and what is told of those that do not."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import ValidationError

from hormesis.loads.replay import Replay
from hormesis.words.load import Open

LINES = "# seconds\n100.0\n\n100.5\n103\n"
ISO = "2026-01-01T00:00:00Z\n2026-01-01T01:00:00.500+01:00\n2026-01-01T00:00:03Z\n"
CSV = "method,at\nGET,7\nPOST,7.5\nGET,10\n"
JSON = '[{"at": 0}, {"at": 0.5}, {"at": "3"}]'
JSON_LINES = '{"at": 0}\n{"at": 3}\n\n{"at": 0.5}\n'


def dues(folder: Path, **given: object) -> list[float]:
    shape = Replay.model_validate({"vus": 9, **given}, context={"folder": str(folder)}).shape()
    assert isinstance(shape, Open)
    return [due for number in range(5) if (due := shape.due_at(number)) is not None]


@pytest.mark.parametrize(
    ("name", "text", "column"),
    [
        ("times.txt", LINES, ""),
        ("times.log", ISO, ""),
        ("a.csv", CSV, "at"),
        ("b.csv", "at\n1\n1.5\n4\n", ""),
        ("a.json", JSON, "at"),
        ("b.json", "[0, 3, 0.5]", ""),
        ("a.jsonl", JSON_LINES, "at"),
    ],
)
def test_times_are_offsets_from_the_first_in_order(
    tmp_path: Path, name: str, text: str, column: str
) -> None:
    (tmp_path / name).write_text(text)
    assert dues(tmp_path, file=name, column=column) == pytest.approx([0.0, 0.5, 3.0])
    assert dues(tmp_path, file=name, column=column, speed=2) == pytest.approx([0.0, 0.25, 1.5])


def test_the_scale_of_time_shortens_it_and_it_travels(tmp_path: Path) -> None:
    (tmp_path / "times.txt").write_text(LINES)
    context = {"folder": str(tmp_path), "time_scale": 0.1}
    made = Replay.model_validate({"vus": 9, "file": "times.txt"}, context=context)
    shape = pickle.loads(pickle.dumps(made)).shape()
    assert (shape.due_at(2), shape.duration_s) == pytest.approx((0.3, 0.3))


@pytest.mark.parametrize(
    ("name", "text", "column", "told"),
    [
        ("times.txt", "1\nsoon\n", "", "times.txt, line 2: expected a time"),
        ("times.txt", "1\nnan\n", "", "line 2: expected a time"),
        ("times.txt", "# nothing\n", "", "holds no arrivals"),
        ("times.txt", "1\n", "at", "expected no column"),
        ("a.csv", CSV, "when", "expected a column when, found method, at"),
        ("a.csv", "at,n\n,1\n", "at", "line 2: expected a time"),
        ("a.json", "{}", "", "expected a JSON list"),
        ("a.json", "[1, true]", "", "element 2: expected a time"),
        ("a.jsonl", '{"at": 1}\n{at}', "at", "line 2 is no JSON"),
        ("none.txt", None, "", "cannot be read"),
    ],
)
def test_what_is_no_recording_is_told_when_the_file_is_read(
    tmp_path: Path, name: str, text: str | None, column: str, told: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ValidationError, match=told):
        dues(tmp_path, file=name, column=column)
