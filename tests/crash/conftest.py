"""One proxy for all crash tests; it is part of the stage and outlives every run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.crash.case import PROGRAMS, ROOT


@pytest.fixture(scope="session")
def proxy_control(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a proxy with one link and return the path of its control socket."""
    control = str(tmp_path_factory.mktemp("proxy") / "control")
    config = {
        "control": control, "toxics_package": "hormesis.toxics", "seed": 7,
        "links": [{"name": "link", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}],
    }  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "hormesis.proxy"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(config).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ready"]
        yield control
        process.stdin.close()


@pytest.fixture(autouse=True)
def programs_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a replay in this process find the programs of these tests."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}:{PROGRAMS}")
