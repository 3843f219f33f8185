"""The experiments on etcd: one of them scaled, and all of them in full for proof."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hormesis.host.means import survey
from tests.examples.example_file import FOLDER, Example, read
from tests.examples.shop import run_example

PARTS = ("system", "disks", "network", "evidence")
ALL = [read(path) for path in sorted((FOLDER / "etcd").glob("*.yaml")) if path.stem not in PARTS]
SCALE = 0.3

pytestmark = [
    pytest.mark.integration,
    pytest.mark.xdist_group("examples"),
    pytest.mark.skipif(not shutil.which("etcd"), reason="etcd: apt-get install etcd-server"),
]


@pytest.mark.prove
def test_the_death_of_the_leader_ends_as_its_head_says(tmp_path: Path) -> None:
    killed = read(FOLDER / "etcd" / "leader-kill.yaml")
    ended = run_example(killed, tmp_path / "run", SCALE)
    assert ended.code == killed.expect, ended.output


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.parametrize("unscaled", ALL, ids=lambda one: one.path.stem)
def test_it_ends_so_in_full_length_too(unscaled: Example, tmp_path: Path) -> None:
    lacking = {name: why for name, why in survey(unscaled.needs).items() if why}
    if lacking:
        pytest.skip("; ".join(f"{name}: {why}" for name, why in lacking.items()))
    ended = run_example(unscaled.as_shown(), tmp_path / "run", 1.0)
    assert ended.code == unscaled.expect, ended.output
