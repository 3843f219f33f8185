"""Whether the processes that a target file finds running are as it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.compose import attached
from hormesis.compose.fitness import Fitness, suite_fitness, tried_fitness
from hormesis.compose.suite import find_suite
from hormesis.host.process import Identity

SCENARIO = """\
id: ONE
title: one
system: {use: nothing}
tracks:
  - {fault: pause, target: workers, at: 1s, for: 1s}
  - {name: up, probe: tcp, address: "127.0.0.1:9", every: 1s}
checks: [{always: up}]
"""
CHILDREN = "workers: {children: {of: server, matching: worker, count: 3}}"
ME = os.getpid()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "suite.yaml").write_text("title: mine\n")
    (tmp_path / "mine" / "ONE.yaml").write_text(SCENARIO)
    monkeypatch.setattr(attached, "listener_of", {7001: ME, 7002: ME, 7003: 1}.get)
    return tmp_path


def fitness(folder: Path, targets: str) -> Fitness:
    target = folder / "target.yaml"
    target.write_text(f"targets: {{{targets}}}\n")
    suite = find_suite(str(folder / "mine"))
    assert suite is not None
    (one,) = tried_fitness(suite_fitness(suite, target, {}), {"127.0.0.1:9": "refused"}).scenarios
    assert not one.lacks
    return one


@pytest.mark.parametrize(
    ("front", "shared"),
    [(f"pid: {ME}", True), ("port: 7002", True), ("port: 7003", False), ("port: 7004", False)],
    ids=["by-pid", "by-port", "another-port", "nobody-s-port"],
)
def test_two_targets_that_are_one_process_are_told(front: str, shared: bool, folder: Path) -> None:
    told = fitness(folder, f"workers: {{port: 7001}}, front: {{{front}}}")
    assert told.able is not shared
    what = "a process of its own for each of the targets workers and front, which are one: process"
    assert [lack.what for lack in told.misfits] == [f"{what} {ME}"] * shared


def test_two_targets_with_one_port_are_told_without_a_look(folder: Path) -> None:
    target = folder / "target.yaml"
    target.write_text("targets: {workers: {port: 7001}, front: {port: 7001}}\n")
    suite = find_suite(str(folder / "mine"))
    assert suite is not None
    told = suite_fitness(suite, target, {})
    (lack,) = told.scenarios[0].lacks
    assert str(lack) == (
        "a process of its own for each of the targets workers and front, which are one: port 7001; "
        "give `port` or `pid` to one of them alone, such as workers"
    )
    assert tried_fitness(told, {"127.0.0.1:9": "refused"}).scenarios[0].misfits == ()


@pytest.mark.parametrize(
    ("living", "misfits", "notes"),
    [
        (0, ["the target workers: none of the children of server like 'worker'"], []),
        (2, [], ["the target workers has 3 slots, and 2 children live now"]),
        (3, [], []),
        (4, [], []),
    ],
)
def test_children_that_a_fault_would_hit_are_looked_for(
    living: int,
    misfits: list[str],
    notes: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    child = Identity.of(ME)
    monkeypatch.setattr(attached, "children_of", lambda families, matching: [child] * living)
    told = fitness(folder, f"server: {{port: 7001}}, {CHILDREN}")
    assert [lack.what.partition(", oldest")[0] for lack in told.misfits] == misfits
    assert [str(lack) for lack in told.notes] == notes
    assert told.able is bool(living)


def test_children_of_what_is_not_there_are_no_matter(folder: Path) -> None:
    told = fitness(folder, f"server: {{port: 7009}}, {CHILDREN}")
    assert (told.misfits, told.notes) == ((), ())
