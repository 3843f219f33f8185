"""Whole runs with packet faults, in a network of their own: no root is needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hormesis.host.means import load_means
from hormesis.words.outcome import ExitCode
from tests.integration.packets.playing import Station
from tests.integration.runs.world import World

PROOF = Path(__file__).resolve().parents[2] / "proof"
WAYS = ("nfqueue", "nftables", "htb", "netem")
ROWS = sorted(
    path.stem
    for path in PROOF.glob("*.yaml")
    if path.stem.partition(".")[2].partition("-")[0] in WAYS
)
QUICK = {"latency.nfqueue"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A folder of its own in which commands run."""
    made = World(tmp_path / "world")
    yield made
    made.close()


@pytest.mark.parametrize("row", [
    pytest.param(row, marks=() if row in QUICK else pytest.mark.prove) for row in ROWS
])  # fmt: skip
def test_a_row_passes_without_root(row: str, station: Station, world: World) -> None:
    way = row.partition(".")[2].partition("-")[0]
    if way in ("netem", "htb") and (reason := load_means(way).missing()):
        pytest.skip(f"no {way} here: {reason}")
    done = world.hormesis("run", "--isolated", str(PROOF / f"{row}.yaml"))
    assert done.code == ExitCode.PASS, done.out + done.err
    (report,) = world.folder.rglob("report.json")
    (fault,) = json.loads(report.read_text())["runs"][0]["faults"]
    assert fault["by"] == way
    if row in QUICK:
        assert fault["seen_value"] == pytest.approx(fault["asked_value"], rel=0.3)
