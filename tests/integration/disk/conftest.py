"""A volume of FUSE that a test can use, and the folder in which whole runs take place."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hormesis.host.control import ask
from hormesis.host.means import load_means
from hormesis.host.mounts import LAZY, detach, mount_at
from hormesis.host.steps import drive
from tests.integration.runs.world import SOURCES, World


@dataclass
class FuseVolume:
    """A mounted volume, the folder beneath, and its rules."""

    path: Path
    backing: Path
    control: str
    process: subprocess.Popen[bytes]

    def ask(self, op: str, **rest: Any) -> dict[str, Any]:
        """Ask its control socket something."""
        return drive(ask(self.control, {"op": op, "link": "data", **rest}))

    def add(self, **attributes: Any) -> None:
        """Add the rule called r."""
        assert self.ask("add", name="r", toxic="rule", attributes=attributes) == {"ok": True}

    def remove(self) -> None:
        """Remove the rule called r."""
        assert self.ask("remove", name="r") == {"ok": True, "existed": True}

    def reading(self) -> dict[str, Any]:
        """Return the counters of the rule called r."""
        found: dict[str, Any] = self.ask("read", toxic="r")["reading"]
        return found


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[FuseVolume]:
    """Serve a volume of FUSE."""
    if reason := load_means("fuse").missing():
        pytest.skip(reason)
    path, backing = tmp_path / "data", tmp_path / "backing"
    path.mkdir()
    backing.mkdir()
    control = str(tmp_path / "data.sock")
    config = {
        "name": "data", "path": str(path), "backing": str(backing), "source": "hormesis-test",
        "control": control, "seed": 7,
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "hormesis.host.holders.fuse_volume"],
        env={**os.environ, "PYTHONPATH": SOURCES}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(config).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ready"]
        try:
            yield FuseVolume(path, backing, control, process)
        finally:
            process.stdin.close()
            process.wait(10)
            if mount_at(str(path)) is not None:
                detach(str(path), LAZY)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A folder of its own in which commands run."""
    made = World(tmp_path / "world")
    yield made
    made.close()
