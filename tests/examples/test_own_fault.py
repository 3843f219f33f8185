"""A fault in a package of its own is found, bites, conforms, and goes away like one of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.example_file import FOLDER
from tests.examples.shop import was_busy

PACKAGE = FOLDER / "own_fault"
EXPERIMENT = PACKAGE / "file-lock.yaml"
HORMESIS = Path(sys.executable).with_name("hormesis")

Said = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.integration


def said_by(command: list[str], folder: Path, **environment: str) -> Said:
    """Run *command* in *folder* and return what it said and how it ended."""
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=110, check=False, env={**os.environ, "COLUMNS": "200", **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package where nobody else looks, and return that folder."""
    folder = tmp_path_factory.mktemp("own-fault")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder)]
    done = said_by([*command, str(PACKAGE)], folder)
    assert done.returncode == 0, done.stderr
    return folder


def hormesis(installed: Path, folder: Path, *words: str) -> Said:
    """Run the command with the package on the path."""
    return said_by(
        [str(HORMESIS), *words], folder,
        PYTHONPATH=str(installed), HORMESIS_STATE=str(folder / "state"),
    )  # fmt: skip


def test_it_stands_on_the_shelf(installed: Path, tmp_path: Path) -> None:
    listed = hormesis(installed, tmp_path, "list", "faults")
    assert "file-lock" in listed.stdout.split()
    assert "file-lock" not in said_by([str(HORMESIS), "list", "faults"], tmp_path).stdout.split()


@pytest.mark.prove
def test_its_experiment_ends_as_its_head_says(installed: Path, tmp_path: Path) -> None:
    line = ("run", str(EXPERIMENT), "--out", str(tmp_path / "runs"))
    run = hormesis(installed, tmp_path, *line)
    if was_busy(run.returncode, run.stdout + run.stderr):
        run = hormesis(installed, tmp_path, *line)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "processes wait for the lock of book.txt" in run.stdout + run.stderr


@pytest.mark.prove
def test_it_goes_away_whoever_is_killed(installed: Path, tmp_path: Path) -> None:
    drill = hormesis(installed, tmp_path, "drill", str(EXPERIMENT))
    assert drill.returncode == 0, drill.stdout + drill.stderr
    assert drill.stdout.count("✔") == 4, drill.stdout
