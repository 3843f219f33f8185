"""``python -m proving_ground up``: everything with one command, and nothing left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from proving_ground.up_program import PORTS, parts_of
from tests.proving_ground.wait import wait_for

OFFSET = 21000


def command(data: Path, offset: int = OFFSET) -> list[str]:
    arguments = ["up", "--data", str(data), "--port-offset", str(offset)]
    return [sys.executable, "-m", "proving_ground", *arguments]


def listening() -> set[int]:
    """Return the ports of the whole that something listens on."""
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = (line.split() for line in table)
    ports = {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A"}
    return ports & {number + OFFSET for number in PORTS.values()}


def test_each_part_has_a_port_of_its_own_and_knows_those_it_needs(tmp_path: Path) -> None:
    parts = {one.name: one for one in parts_of(tmp_path, 7, "secret", 3)}
    ports = [one.options["PORT"] for one in parts.values() if "PORT" in one.options]
    assert len(set(ports)) == len(ports) == 5
    assert parts["queen"].options["HIVE_URL"] == f"http://127.0.0.1:{PORTS['hive'] + 7}"
    assert parts["leader"].options["REDIS_URL"].endswith(f":{PORTS['redis'] + 7}/0")
    assert {one.options["DATABASE_URL"] for one in parts.values() if one.options} == {
        f"postgresql://postgres@127.0.0.1:{PORTS['postgres'] + 7}/postgres"
    }
    assert parts["hive"].options["WORKERS"] == "3"
    assert parts["postgres"].address == parts["queen"].options["DATABASE_URL"]
    assert parts["redis"].address == parts["leader"].options["REDIS_URL"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--port-offset", "-1"], "a whole number of at least 0"),
        (["--workers", "0"], "a whole number of at least 1"),
        (["--data", "/proc/nowhere"], "--data /proc/nowhere"),
    ],
)
def test_a_wrong_option_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proving_ground", "up", *arguments],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=20,
    )  # fmt: skip
    assert done.returncode == 64, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.prove
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_whole_starts_works_and_ends(number: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            said = "".join(takewhile(lambda line: "everything is up" not in line, program.stdout))
            assert f"\nredis      redis://127.0.0.1:{PORTS['redis'] + OFFSET}/0\n" in said
            assert said.startswith("postgres   postgresql://postgres@127.0.0.1:")
            queen = f"http://127.0.0.1:{PORTS['queen'] + OFFSET}"
            wait_for(
                lambda: httpx.post(f"{queen}/v1/inference", json={"prompt": "hi"}).is_success,
                within_s=20,
                what="an inference is answered",
            )
            os.kill(program.pid, number)
            assert program.wait(40) == (-9 if number is signal.SIGKILL else 0)
        finally:
            program.kill()
    wait_for(lambda: not listening(), within_s=20, what="no part is left")
