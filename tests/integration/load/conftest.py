from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.runs.world import World

SERVER = Path(__file__).with_name("queueing_server.py")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A folder of its own in which commands run."""
    made = World(tmp_path / "world")
    yield made
    made.close()


@contextmanager
def serving(service_s: float) -> Iterator[str]:
    """Give the URL of a server that answers one request at a time, each in *service_s*."""
    command = [sys.executable, str(SERVER), "0", str(service_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()


@pytest.fixture
def quick() -> Iterator[str]:
    """The URL of a server that answers at once."""
    with serving(0.0) as url:
        yield url
