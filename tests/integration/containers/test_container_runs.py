"""Whole runs against containers: the proof rows, and what is said when there is nothing to hit."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.outcome import ExitCode
from tests.container_engine import NETWORK, ROW_BOXES, ContainerEngine
from tests.integration.runs.world import World

PROOF = Path(__file__).resolve().parents[2] / "proof"
ROWS = sorted(
    path.stem for path in PROOF.glob("*.yaml") if "CONTAINER_ENGINE" in path.read_text()
)
QUICK = {"container-pause.docker"}


def _marked(row: str) -> object:
    return pytest.param(row, marks=() if row in QUICK else pytest.mark.prove)


@pytest.mark.parametrize("row", [_marked(row) for row in ROWS])
def test_a_row_passes_and_leaves_its_box_as_it_was(
    row: str, engine: ContainerEngine, world: World
) -> None:
    world.environment.update(engine.environment())
    done = world.hormesis("run", "--yes", str(PROOF / f"{row}.yaml"))
    assert done.code == ExitCode.PASS, done.out + done.err
    name = f"row-{row.partition('.')[0]}"
    account = engine.account(name)
    assert account["State"]["Status"] == "running"
    assert account["NetworkSettings"]["Networks"][NETWORK]["IPAddress"] == ROW_BOXES[name]


PLAN = """
title: Which containers
targets:
  boxes: {{container: {{{pattern}, docker: "{socket}"}}}}
tracks:
  - {{fault: container-pause, target: boxes, at: 1s, for: 1s{more}}}
"""
PATTERNS = [
    ("name: 'web-*'", ["boxes/web-1", "boxes/web-2"]),
    ("name: web-2", ["boxes"]),
    ("label: tier=1", ["boxes"]),
    ("compose: shop/web", ["boxes/web-1", "boxes/web-2"]),
    ("compose: web, label: tier=2", ["boxes"]),
]


@pytest.mark.prove
@pytest.mark.parametrize(("pattern", "targets"), PATTERNS, ids=[one[0] for one in PATTERNS])
def test_a_pattern_selects(
    pattern: str, targets: list[str], engine: ContainerEngine, world: World
) -> None:
    file = world.write("x.yaml", PLAN.format(pattern=pattern, socket=engine.socket, more=""))
    done = world.hormesis("plan", str(file))
    assert done.code == ExitCode.PASS, done.err
    hit = [line.split()[-2] for line in done.out.splitlines() if "fault container" in line]
    assert hit == targets


def test_a_share_is_picked_of_what_runs(engine: ContainerEngine, world: World) -> None:
    file = world.write(
        "x.yaml", PLAN.format(pattern="name: 'web-*'", socket=engine.socket, more=", pick: 50%")
    )
    done = world.hormesis("plan", str(file))
    assert done.out.count("fault container-pause") == 1, done.out + done.err


def test_a_pattern_that_selects_nothing_is_an_error(engine: ContainerEngine, world: World) -> None:
    file = world.write("x.yaml", PLAN.format(pattern="name: wep-1", socket=engine.socket, more=""))
    done = world.hormesis("run", "--yes", str(file))
    assert done.code == ExitCode.BAD_INPUT
    assert "expected a running container that fits name:wep-1, found none" in done.err
    assert "did you mean web-1?" in done.err


def test_without_an_engine_the_file_is_skipped(world: World) -> None:
    file = world.write("x.yaml", PLAN.format(pattern="name: a", socket="/nowhere.sock", more=""))
    done = world.hormesis("run", "--yes", str(file))
    assert done.code == ExitCode.CAPABILITY_MISSING
    assert "there is no container engine at /nowhere.sock" in done.err
