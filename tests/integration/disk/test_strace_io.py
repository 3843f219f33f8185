from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hormesis.host.means import load_means
from tests.integration.runs.world import SOURCES, wait_for

pytestmark = pytest.mark.integration

TARGET = """
import errno, os, sys
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
for line in sys.stdin:
    try:
        os.write(file, b"x")
        print("ok", flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)
"""


class Live:
    """A process that writes to a file whenever it is told to, and tells how that went."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", TARGET, str(path)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.write() == "ok"

    def write(self) -> str:
        """Write, and return ok or the error."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    """Start such a process."""
    if reason := load_means("strace").missing():
        pytest.skip(reason)
    (tmp_path / "files").mkdir()
    target = Live(tmp_path / "files" / "a")
    yield target
    target.process.kill()
    target.process.communicate()


def holder(**config: Any) -> subprocess.Popen[bytes]:
    """Start the holder and hand it its configuration."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hormesis.host.holders.strace_io"],
        env={**os.environ, "PYTHONPATH": SOURCES}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(config).encode() + b"\n")
    process.stdin.flush()
    return process


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return its next report."""
    assert process.stdout is not None
    line: dict[str, Any] = json.loads(process.stdout.readline())
    return line


def test_writes_of_a_live_process_fail_and_then_do_not(live: Live, tmp_path: Path) -> None:
    process = holder(
        pids=[live.process.pid], operations=["write"], errno="ENOSPC", path=str(tmp_path / "files")
    )
    assert said(process)["ready"]
    assert [live.write() for _ in range(3)] == ["ENOSPC"] * 3
    counted: list[dict[str, Any]] = []

    def all_are_counted() -> bool:
        counted.append(said(process))
        return bool(counted[-1]["hits"] == 3)

    wait_for(all_are_counted, "three calls are counted")
    assert counted[-1]["seen"] == 3
    process.communicate()
    assert live.write() == "ok"


def test_it_ends_by_itself_when_its_time_is_up(live: Live, tmp_path: Path) -> None:
    process = holder(
        pids=[live.process.pid], operations=["write"], errno="EIO", path=str(tmp_path), hold_s=0.3
    )
    assert said(process)["ready"]
    assert said(process)["over"]
    assert live.write() == "ok"
    process.communicate()


def test_a_folder_in_which_nothing_is_open_is_told(live: Live, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    process = holder(pids=[live.process.pid], operations=["write"], errno="EIO", path=str(empty))
    assert "open" in said(process)["error"]
    process.communicate()
    assert live.write() == "ok"
