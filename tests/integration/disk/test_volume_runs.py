from __future__ import annotations

from typing import Any

import pytest

from hormesis.host.means import load_means
from hormesis.host.mounts import mounts
from tests.integration.runs.world import Run, World

pytestmark = pytest.mark.integration

DSN = "postgresql://postgres@127.0.0.1:${port.postgres}/postgres"
WRITER = """
import sys, threading, psycopg
while True:
    try:
        with psycopg.connect(sys.argv[1], autocommit=True, connect_timeout=2) as connection:
            while True:
                connection.execute("SELECT pg_logical_emit_message(true, 'a', 'b')")
                threading.Event().wait(0.02)
    except psycopg.Error:
        threading.Event().wait(0.1)
"""
SLOW = {"name": "slow", "fault": "io-slow", "target": "disk", "operations": ["fsync"],
        "files": "postgres/pg_wal/*", "delay": "50ms", "at": "300ms", "for": "1s"}  # fmt: skip
BACK = {"name": "back", "fault": "clock-jump", "target": "database", "back": "2d",
        "at": "300ms", "for": "1s"}  # fmt: skip
BROKEN = {"name": "broken", "fault": "io-error", "target": "disk", "operations": ["fsync"],
          "files": "postgres/pg_wal/*", "at": "300ms", "for": "1s"}  # fmt: skip


@pytest.fixture(autouse=True)
def _able() -> None:
    for means in ("fuse", "compiler"):
        if reason := load_means(means).missing():
            pytest.skip(reason)


def experiment(*faults: dict[str, Any], recovers: str) -> dict[str, Any]:
    """Return an experiment on PostgreSQL whose data lies on a volume of FUSE."""
    probe = {"name": "writing", "probe": "sql", "dsn": DSN, "query": "SELECT 1", "timeout": "2s",
             "expect": {"value": 1}, "every": "50ms"}  # fmt: skip
    run = ["${python}", "-m", "proving_ground", "postgres", "--data", "${volume.data}/postgres",
           "--port", "${port.postgres}"]  # fmt: skip
    return {
        "title": "PostgreSQL on a disk that fails",
        "system": {
            "ports": ["postgres"],
            "volumes": {"data": {"kind": "fuse"}},
            "processes": {
                "postgres": {
                    "run": run, "clock": "adjustable", "stop": {"signal": "QUIT", "grace": "5s"},
                    "ready": {"tcp": "127.0.0.1:${port.postgres}", "within": "30s"},
                },
                "writer": {"run": ["${python}", "-c", WRITER, DSN]},
            },
            "targets": {
                "disk": {"volume": "data"},
                "database": {"process": "postgres", "postgres": DSN},
            },
        },
        "tracks": [probe, *faults],
        "checks": [{"recovers": recovers, "of": "writing", "within": "10s", "steady": "200ms"}],
        "limits": {"settle": "1s"},
    }  # fmt: skip


@pytest.mark.prove
def test_postgres_slows_down_and_tells_a_wrong_time(world: World) -> None:
    file = world.write("e.json", experiment(SLOW, BACK, recovers="slow"))
    answer = world.hormesis("run", str(file))
    assert answer.code == 0, answer.out + answer.err
    assert "its clock is 2 d behind" in answer.err
    assert _remains(world) == []


@pytest.mark.prove
def test_postgres_survives_a_disk_that_does_not_sync(world: World) -> None:
    file = world.write("e.json", {**experiment(BROKEN, recovers="broken"),
                                  "limits": {"settle": "6s"}})
    answer = world.hormesis("run", str(file))
    assert answer.code == 0, answer.out + answer.err
    log = world.folder / "hormesis-runs" / "latest" / "logs" / "postgres.log"
    assert "PANIC" in log.read_text()
    assert _remains(world) == []


def test_a_disk_of_the_machine_that_would_be_filled_is_refused(world: World) -> None:
    system = {"processes": {"idle": {"run": ["sleep", "600"]}},
              "targets": {"disk": {"path": str(world.folder)}}}
    track = {"name": "full", "fault": "disk-full", "target": "disk", "for": "500ms"}
    file = world.write("e.json", {"title": "full", "system": system, "tracks": [track]})
    answer = world.hormesis("run", str(file))
    assert answer.code == 2, answer.out
    assert "is not a volume of this run" in answer.out + answer.err
    assert [one for one in world.folder.iterdir() if "ballast" in one.name] == []


def _remains(world: World) -> list[str]:
    latest = (world.folder / "hormesis-runs" / "latest").resolve()
    # The ledger names every path of the run, the volume's among them.
    ledger = (latest / "ledger.jsonl").read_text()
    volumes = [one.path for one in mounts() if "/volumes/" in one.path]
    mounted = [path for path in volumes if f'"{path}"' in ledger]
    return [*mounted, *Run(world, latest).remains()]
