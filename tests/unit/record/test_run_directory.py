"""Run directories have names that sort, a layout, and a link to the latest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.record.run_directory import (
    create_run_directory,
    name_of,
    open_run_directory,
    runs_in,
    slug_of,
)
from hormesis.record.verdict_file import read_verdict, write_verdict
from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.outcome import Outcome
from hormesis.words.trouble import InputTrouble, UsageTrouble

WALL = 1_700_000_000.0


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Orders survive: the loss!", "orders-survive-the-loss"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本", "run"),
        ("x" * 90, "x" * 40),
        ("", "run"),
    ],
)
def test_a_slug_is_safe_in_a_path(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_names_sort_by_time() -> None:
    assert name_of(WALL, "A b", "f00d") == "20231114-221320-a-b-f00d"
    assert name_of(WALL, "z", "1") < name_of(WALL + 1, "a", "1")


def test_a_new_directory_is_the_latest_and_can_be_found(tmp_path: Path) -> None:
    parent = tmp_path / "runs"
    first = create_run_directory(parent, WALL, "one", "a1")
    second = create_run_directory(parent, WALL + 5, "two", "b2")
    for run in (first, second):
        run.manifest.write_text("{}")
    assert os.readlink(parent / "latest") == second.path.name
    assert open_run_directory(parent).path == second.path
    assert open_run_directory(parent / "latest").path == second.path
    assert open_run_directory(first.path).path == first.path
    assert [run.path for run in runs_in(parent)] == [first.path, second.path]


def test_a_directory_is_never_used_twice(tmp_path: Path) -> None:
    create_run_directory(tmp_path, WALL, "one", "a1")
    with pytest.raises(UsageTrouble, match="cannot make"):
        create_run_directory(tmp_path, WALL, "one", "a1")


def test_something_else_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    create_run_directory(tmp_path, WALL, "one", "a1")
    assert (tmp_path / "latest").is_dir()
    assert not (tmp_path / "latest").is_symlink()


def test_what_is_no_run_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(InputTrouble, match="no such directory"):
        open_run_directory(tmp_path / "gone")
    with pytest.raises(InputTrouble, match="no manifest"):
        open_run_directory(tmp_path)
    assert runs_in(tmp_path / "gone") == []


def test_a_verdict_survives_its_file(tmp_path: Path) -> None:
    finding = Finding("Job 1 lost", ("op 3",), {"key": "1", "ops": [3]})
    verdict = RunVerdict(
        Outcome.FAIL,
        "because",
        (Verdict("c", "never-lost", Outcome.FAIL, "s", (finding,), {"lost": 1}, "try"),),
        ("iptables rule",),
        "a limit",
    )
    write_verdict(tmp_path / "verdict.json", verdict)
    assert read_verdict(tmp_path / "verdict.json") == verdict


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"outcome": "maybe"}'])
def test_an_unreadable_verdict_is_a_trouble(tmp_path: Path, content: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content)
    with pytest.raises(InputTrouble, match="no readable verdict"):
        read_verdict(path)
