"""Whole runs whose engine is killed at any moment: nothing of them may be left on the host.

A dozen faults take part at once, on processes, links and a database that outlive the run. The
moment is drawn from a seed, so that a failure can be played again. Every fault by every mechanism,
one at a time, has its row in ``tests/proof``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from hormesis.custodian.registry import open_runs
from hormesis.host.process import Identity
from hormesis.host.tree import mark_of, processes
from hormesis.words.randomness import stream_of
from tests.integration.postgres import postgres
from tests.integration.runs.world import Run, World, is_stopped, wait_for
from tests.proving_ground.programs import Postgres

__all__ = ["postgres"]
SEED = 7
AT_ONCE = 3
WATCHER = "hormesis-watcher"
"""The name of these tests' own connections, which the fault spares as it does all of ours."""
EARLY = 0.15
"""The share of kills that come while the command itself still starts."""

FAULTS: dict[str, dict[str, Any]] = {
    "pause": {"target": "outside"},
    "stop": {"target": "stopped"},
    "kill": {"target": "killed", "tree": True},
    "restart": {"target": "restarted"},
    "latency": {"target": "web", "delay": "50ms"},
    "bandwidth": {"target": "web", "rate": "10KB"},
    "timeout": {"target": "web-2"},
    "reset": {"target": "web-2"},
    "down": {"target": "web-3"},
    "postgres-delay": {"target": "database", "min": "10ms", "max": "50ms"},
    "postgres-kill-connections": {"target": "database", "every": "200ms"},
    "postgres-corrupt": {
        "target": "database",
        "do": ["INSERT INTO wrong VALUES (1)"],
        "undo": ["DELETE FROM wrong"],
        "count": "SELECT count(*) FROM wrong",
    },
}
"""The faults that are on at once, each with a target and what else it needs."""


def experiment(dsn: str, web: int, outside: int, rng: Random) -> dict[str, Any]:
    """Return an experiment in which all faults overlap at drawn times."""
    own = {"postgres-kill-connections": {"database": dsn.rpartition("/")[2]}}
    faults = [
        {"name": kind, "fault": kind, **given, **own.get(kind, {}),
         "at": f"{rng.randrange(0, 1500)}ms", "for": f"{rng.randrange(500, 3000)}ms"}
        for kind, given in FAULTS.items()
    ]  # fmt: skip
    url = f"http://127.0.0.1:{web}/"
    webs = ("web", "web-2", "web-3")
    step = {"name": "home", "get": "/", "think": "20ms"}
    loads = [
        {"name": f"visitors of {name}", "load": "constant-vus", "vus": 2, "for": "5s",
         "client": {"http": f"${{link.{name}.url}}", "timeout": "500ms", "steps": [step]}}
        for name in webs
    ]  # fmt: skip
    probe = {"name": "count", "probe": "sql", "dsn": "${link.database.url}",
             "query": "SELECT 1", "every": "100ms"}  # fmt: skip
    names = ("stopped", "killed", "restarted")
    return {
        "title": "everything at once",
        "system": {
            "processes": {name: {"run": ["sh", "-c", "sleep 600 & wait"]} for name in names},
            "links": {
                **{name: {"upstream": url} for name in webs},
                "database": {"upstream": dsn},
            },
            "targets": {
                **{name: {"process": name} for name in names},
                **{name: {"link": name} for name in webs},
                "outside": {"pid": outside},
                "database": {"link": "database", "postgres": dsn},
            },
        },
        "tracks": [*faults, *loads, probe],
        "checks": [{"threshold": "http_reqs count > 0"}],
    }  # fmt: skip


@dataclass
class Stage:
    """What outlives every run of one test."""

    postgres: Postgres
    web: int
    folder: Path


@dataclass
class Scene:
    """Where one run takes place."""

    stage: Stage
    world: World
    database: str
    outside: int
    rng: Random

    def processes(self) -> list[int]:
        """Return every process that the run's command started, itself among them."""
        return _bearing(f"HORMESIS_STATE={self.world.state}".encode())

    def remains(self) -> list[str]:
        """Return what is left of the run on this host; empty is right."""
        left = [f"process {pid} of it lives" for pid in self.processes()]
        known = (self.world.folder / "hormesis-runs" / "latest").resolve()
        if (known / "manifest.json").is_file() and (known / "ledger.jsonl").is_file():
            left += Run(self.world, known).remains()
        left += [f"{one.pointer} is there" for one in open_runs(self.world.state)]
        return [*left, *self._outside(), *self._in_the_database()]

    def _outside(self) -> list[str]:
        who = Identity.of(self.outside)
        if who is None or not who.alive:
            return ["the process outside is gone"]
        return ["the process outside is still stopped"] if is_stopped(self.outside) else []

    def _in_the_database(self) -> list[str]:
        dsn = self.stage.postgres.dsn(self.database)
        with psycopg.connect(dsn, application_name=WATCHER) as connection:
            rows = connection.execute("SELECT n FROM wrong").fetchall()
            names = connection.execute(
                "SELECT application_name FROM pg_stat_activity WHERE datname = %s"
                " AND application_name LIKE 'hormesis%%' AND application_name <> %s",
                (self.database, WATCHER),
            ).fetchall()
        left = [f"corrupt row {row}" for row in rows]
        return left + [f"a connection of {name} is open" for (name,) in names]


@dataclass
class Outcome:
    """One kill: when it struck, what it struck, and what was left."""

    number: int
    moment: str = "before the run began"
    struck: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@contextmanager
def scene(stage: Stage, number: int) -> Iterator[Scene]:
    """Give a folder, a database and a process outside to one run."""
    database = stage.postgres.new_database()
    dsn = stage.postgres.dsn(database)
    with psycopg.connect(dsn, application_name=WATCHER) as connection:
        connection.execute("CREATE TABLE wrong (n int)")
    world = World(stage.folder / f"kill-{number}")
    rng = stream_of(SEED, "kill", number)
    with subprocess.Popen(["sleep", "600"]) as outside:
        try:
            world.write("all.json", experiment(dsn, stage.web, outside.pid, rng))
            yield Scene(stage, world, database, outside.pid, rng)
        finally:
            world.close()
            outside.kill()


def strike(stage: Stage, number: int) -> Outcome:
    """Start a run, kill its engine at a drawn moment, and tell what is left."""
    outcome = Outcome(number)
    with scene(stage, number) as here:
        _kill_at_drawn_moment(here.world, here.rng, outcome)
        with suppress(AssertionError):
            wait_for(lambda: not here.remains(), "nothing is left", 20.0)
        outcome.left = here.remains()
    return outcome


def _kill_at_drawn_moment(world: World, rng: Random, outcome: Outcome) -> None:
    early = rng.random() < EARLY
    moment_s = rng.uniform(0.0, 1.0 if early else 4.0)
    command = world.start("run", "all.json", "--quiet")
    if not early:
        wait_for(
            lambda: command.process.poll() is not None or open_runs(world.state), "the run is open"
        )
    with suppress(subprocess.TimeoutExpired):
        command.process.wait(moment_s)
    assert command.process.poll() is None, command.answer()
    known = open_runs(world.state)
    command.send(signal.SIGKILL)
    if known:
        outcome.moment = f"{moment_s:.2f} s after {'its start' if early else 'the run was open'}"
        run = Run(world, known[0].ledger.parent)
        outcome.struck = [one.effect for one in run.effects()]
    command.kill()


def _bearing(entry: bytes) -> list[int]:
    """Return the processes in whose environment *entry* stands: all that one command started."""
    found = []
    for stat in processes():
        with suppress(OSError):
            environment = Path(f"/proc/{stat.pid}/environ").read_bytes()
            if entry in environment.split(b"\0"):
                found.append(stat.pid)
    return found


@pytest.fixture
def stage(postgres: Postgres, tmp_path: Path) -> Iterator[Stage]:
    ready = tmp_path / "port"
    serve = (
        "import http.server, pathlib, sys\n"
        "class Quiet(http.server.SimpleHTTPRequestHandler):\n"
        "    def log_message(self, *told): pass\n"
        "server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Quiet)\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "path.with_suffix('.new').write_text(str(server.server_port))\n"
        "path.with_suffix('.new').rename(path)\n"
        "server.serve_forever()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", serve, str(ready)], cwd=tmp_path, stderr=subprocess.DEVNULL
    ) as web:
        try:
            wait_for(ready.exists, "the web server is up")
            yield Stage(postgres, int(ready.read_text()), tmp_path)
        finally:
            web.kill()


def strike_all(stage: Stage, numbers: range) -> list[Outcome]:
    """Strike once for each number, a few at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda number: strike(stage, number), numbers))


def test_a_killed_engine_leaves_nothing(stage: Stage) -> None:
    outcomes = strike_all(stage, range(3))
    assert [one for one in outcomes if one.left] == []
    assert any(one.struck for one in outcomes)


def test_what_the_death_of_both_leaves_is_seen_and_reverted(stage: Stage) -> None:
    # The proof above is worth only as much as its look: here there is something to see.
    with scene(stage, 1000) as here:
        file = here.world.folder / "all.json"
        made = json.loads(file.read_text())
        for track in made["tracks"]:
            if "fault" in track:
                track.update({"at": "0s", "for": "60s"})
        file.write_text(json.dumps(made))
        command = here.world.start("run", "all.json", "--quiet")
        run = here.world.active("postgres-corrupt-1/0")
        here.world.active("pause-1/0")
        custodian = run.custodian
        os.kill(custodian.pid, signal.SIGSTOP)
        # The proxy would end by itself as soon as the custodian is gone, but not while frozen.
        (proxy,) = [pid for pid in here.processes() if mark_of(pid).endswith("/hormesis-proxy")]
        os.kill(proxy, signal.SIGSTOP)
        command.kill()
        os.kill(custodian.pid, signal.SIGKILL)
        wait_for(lambda: not custodian.alive, "the custodian is gone")
        left = " ".join(here.remains())
        assert "corrupt row" in left
        assert "the process outside is still stopped" in left
        assert f"process {proxy} bears the mark" in left
        assert f"process {proxy} of it lives" in left
        os.kill(proxy, signal.SIGCONT)
        assert here.world.hormesis("revert").code == 0
        wait_for(lambda: not here.remains(), "nothing is left", 10.0)


@pytest.mark.prove
@pytest.mark.timeout(3600)
def test_a_hundred_killed_engines_leave_nothing(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    kills = int(os.environ.get("HORMESIS_PROVE_KILLS", "100"))
    outcomes = strike_all(stage, range(kills))
    bad = [one for one in outcomes if one.left]
    struck = Counter(effect.partition("-1/")[0] for one in outcomes for effect in one.struck)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{kills - len(bad)} of {kills} killed runs left nothing; kills by what was open: "
            f"{', '.join(f'{name} {count}' for name, count in struck.most_common())}\n"
        )
    assert bad == []
    if kills >= 30:
        assert set(FAULTS) <= struck.keys(), "some fault was never on when the engine was killed"
