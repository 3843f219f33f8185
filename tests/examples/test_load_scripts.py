"""Each load script of examples/load is run as its head says, and ends as its head says."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.example_file import FOLDER, Example, examples
from tests.proving_ground.programs import free_port
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration
SCRIPTS = examples(FOLDER / "load")


def test_load_scripts_are_found() -> None:
    assert {one.path.name for one in SCRIPTS} >= {"shop.py", "from_locust.py", "scenarios.py"}


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen([sys.executable, str(FOLDER / "load/shop_server.py"), str(port)])
    try:
        wait_for(lambda: _reachable(port), within_s=15, what="the shop answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait(5)


def _reachable(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(
            one, marks=[pytest.mark.prove] * (one.path.name != "shop.py"), id=one.path.name
        )
        for one in SCRIPTS
    ],
)
def test_a_script_ends_as_its_head_says(script: Example, shop: str, tmp_path: Path) -> None:
    line = next(one for one in script.path.read_text().split("\n") if one.startswith("# run:"))
    words = shlex.split(line.removeprefix("# run:"))
    assert words[:3] == ["hormesis", "load", f"examples/{script.name}"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("hormesis")), "load", str(script.path), *words[3:],
         "--set", f"BASE={shop}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == script.expect, done.stdout + done.stderr
