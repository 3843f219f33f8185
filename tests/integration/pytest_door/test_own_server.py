"""The embedded server: it starts from the cache, and goes with its process whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from hormesis.host.postgres.binaries import find
from hormesis.host.postgres.cluster import Recipe, make_cluster
from hormesis.testing.server import Server
from tests.integration.pytest_door.own_servers import VERSION, options
from tests.proving_ground.wait import wait_for

CHILD = """
import pathlib, sys
from hormesis.testing.server import Server
from tests.integration.pytest_door.own_servers import options
root = pathlib.Path(sys.argv[1])
server = Server(options(root), root, 1)
sys.stdout.write(server.dsn() + " " + server.run.variables["run.scratch"] + chr(10))
sys.stdout.flush()
sys.stdin.readline()
"""


def ends(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        return "refused" in str(error)
    return False


@pytest.mark.prove
def test_the_server_is_gone_after_its_process_was_killed(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=Path.cwd(),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        url, scratch = child.stdout.readline().split()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert Path(scratch).is_dir()
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    wait_for(
        lambda: ends(url) and not Path(scratch).exists(), within_s=20, what="everything is gone"
    )


def test_the_link_and_the_server_itself_can_be_hit(tmp_path: Path) -> None:
    server = Server(options(tmp_path), tmp_path, 1)
    try:
        assert server.run is server.link_run() is not None
        assert server.version.startswith(str(server.major))
        with psycopg.connect(server.wire_dsn("postgres"), autocommit=True) as through:
            assert through.execute("SHOW fsync").fetchone() == ("off",)
            with server.link_run().fault("latency", server.target, delay="50ms", for_="10s"):
                assert through.execute("SELECT 1").fetchone() == (1,)
        url = server.dsn()
        server.run.hit("restart", server.target)
        server.came_back()
    finally:
        server.close()
    assert ends(url)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


@pytest.mark.skipif(os.geteuid() == 0, reason="initdb refuses to run as root")
def test_processes_at_once_and_damage_end_with_one_good_cluster(
    tmp_path: Path, cache: Path
) -> None:
    prove_cache(tmp_path, cache)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs an account to become")
@pytest.mark.prove
def test_root_lets_another_account_make_the_clusters(tmp_path: Path) -> None:
    program = """
import os, pathlib, sys, tempfile
from hormesis.host.postgres.account import become, unprivileged_account
from tests.integration.pytest_door.test_own_server import prove_cache
become(unprivileged_account())
with tempfile.TemporaryDirectory() as folder:
    cache = pathlib.Path(folder, "cache")
    cache.mkdir()
    prove_cache(pathlib.Path(folder), cache)
"""
    # The interpreter's folder may be closed to that account, so it imports everything first.
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path.cwd(), capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def prove_cache(root: Path, cache: Path) -> None:
    """Make clusters with one cache, several at a time, and again after it was damaged."""
    installation = find(VERSION)
    recipe = Recipe(installation.bin, installation.version)

    def make(name: str) -> bytes:
        data = root / name
        data.mkdir(mode=0o700)
        make_cluster(recipe, data, cache)
        assert (data / "PG_VERSION").read_text().strip() == str(installation.major)
        return (data / "global" / "pg_control").read_bytes()

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(make, ["a", "b", "c"]))
    assert len(made) == 1, "each was made by itself"
    (file,) = cache.glob("*.cluster")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert make("d") not in made
    assert file.stat().st_size > len(whole) // 2
    file.unlink()
    file.mkdir()
    assert make("e") not in made, "a cache that cannot be used is done without"
