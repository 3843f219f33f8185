"""What a dry run tells of a check that nobody will look long enough for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import find_suite
from hormesis.compose.suite_options import option_values
from hormesis.compose.suite_prepare import prepare_all, requests_of
from hormesis.compose.suite_selection import Asked
from hormesis.plan.text import notes_of, plan_lines
from hormesis.words.trouble import SkipTrouble

FILE = """
title: Somebody has to look afterwards
system:
  processes: {{web: {{run: [sleep, "60"]}}}}
  targets: {{web: {{process: web}}}}
tracks:
  - {{fault: pause, target: web, at: 1s, for: 2s}}
  - name: visitors
    load: {load}
    client: {{http: "http://127.0.0.1:1", steps: [{{name: page, get: /}}]}}
  - {{name: up, probe: tcp, address: "127.0.0.1:1", expect: open, every: 500ms}}
limits: {{settle: {settle}}}
checks:
  - {{name: back, recovers: pause, of: {of}, steady: 1s}}
"""
LASTS = "constant-vus\n    vus: 1\n    for: {}"


def notes(folder: Path, of: str, load: str, settle: str = "0s") -> list[str]:
    file = folder / "afterwards.yaml"
    file.write_text(FILE.format(of=of, load=load, settle=settle))
    timeline = prepare(RunRequest(file=file, out=folder)).timeline
    told = notes_of(timeline)
    assert [one for one in plan_lines(timeline) if one.startswith("note: ")] == [
        f"note: {one}" for one in told
    ]
    return told


@pytest.mark.parametrize(
    ("of", "load", "settle", "told"),
    [
        ("page", LASTS.format("3900ms"), "9s", "let the load last longer"),
        ("up", LASTS.format("3s"), "900ms", "set limits.settle"),
    ],
)
def test_what_ends_too_soon_is_told_with_what_to_do(
    of: str, load: str, settle: str, told: str, tmp_path: Path
) -> None:
    [note] = notes(tmp_path, of, load, settle)
    assert note.startswith(f"back cannot be judged: {of} is looked at until 3.9s, pause is ")
    assert "released at 3s, and 1s of good looks must follow" in note
    assert note.endswith(told)


@pytest.mark.parametrize(
    ("of", "load", "settle"),
    [
        ("page", LASTS.format("4s"), "0s"),
        ("page", "shared-iterations\n    iterations: 9", "0s"),  # nobody knows when it ends
        ("up", LASTS.format("3s"), "1s"),
    ],
)
def test_what_lasts_long_enough_is_not_mentioned(
    of: str, load: str, settle: str, tmp_path: Path
) -> None:
    assert notes(tmp_path, of, load, settle) == []


@pytest.mark.parametrize("name", ["jobs", "services", "leader", "tasks"])
def test_the_suites_look_long_enough(name: str, tmp_path: Path) -> None:
    suite = find_suite(name)
    assert suite is not None
    values = option_values(suite.file, {}, {})
    request = RunRequest(Path("-"), tmp_path / "runs")
    planned = prepare_all(requests_of(suite.select(Asked()), request, values.variables))
    for scenario, one in planned.items():
        if not isinstance(one, SkipTrouble):
            assert notes_of(one.timeline) == [], scenario
    assert len(planned) > 5
