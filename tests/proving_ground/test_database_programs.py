from __future__ import annotations

import os
import pwd
import shutil
import signal
import threading
from pathlib import Path

import psycopg
import pytest
import redis

from proving_ground import postgres_binaries
from proving_ground.account import Account
from tests.proving_ground.programs import Postgres, Program, free_port
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up root")


def test_postgres_is_the_started_process_itself(tmp_path: Path) -> None:
    own = Postgres(tmp_path)
    try:
        own.start()
        assert own.program is not None
        pid = own.program.process.pid
        assert Path(f"/proc/{pid}/exe").resolve().name == "postgres"
        settings = {
            name: own.execute("SELECT current_setting(%s)", (name,))[0][0]
            for name in ("max_connections", "fsync", "synchronous_commit", "server_encoding")
        }
        assert any((tmp_path / "data" / "pg_dynshmem").iterdir()), "its shared memory is here"
    finally:
        own.discard()
    assert settings == {
        "max_connections": "200",
        "fsync": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
    }


def test_postgres_waits_for_the_processes_of_a_killed_one(postgres: Postgres) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
        backend = connection.info.backend_pid
        # A backend that cannot notice the postmaster's death yet: a new server would refuse.
        os.kill(backend, signal.SIGSTOP)
        thaw = threading.Timer(0.7, os.kill, (backend, signal.SIGCONT))
        thaw.start()
        try:
            postgres.stop(signal.SIGKILL)
            postgres.start()
        finally:
            thaw.join()
    assert postgres.execute("SELECT 1") == [(1,)]


@needs_root
def test_data_below_a_closed_directory_moves(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    own = Postgres(closed)
    try:
        own.start()
        assert (closed / "data").is_symlink()
        assert closed.stat().st_mode & 0o777 == 0o700
        assert own.program is not None
        assert "the data lies in" in (closed / "postgres.log").read_text()
        own.stop()
        own.start()
    finally:
        elsewhere = (closed / "data").readlink()
        own.discard()
    assert not elsewhere.exists()


@needs_root
def test_binaries_below_a_closed_directory_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    closed, cache = tmp_path / "closed", Path("/var/tmp") / f"proving-ground-test-{os.getpid()}"
    binaries = closed / "package" / "install" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "postgres").write_text("#!/bin/sh\n")
    (binaries / "postgres").chmod(0o700)
    (closed / "package.libs").mkdir()
    closed.chmod(0o700)
    monkeypatch.setattr(postgres_binaries, "CACHE_DIRECTORIES", (cache,))
    nobody = pwd.getpwnam("nobody")
    account = Account("nobody", nobody.pw_uid, nobody.pw_gid)
    try:
        for _ in range(2):
            found = postgres_binaries.reachable_binaries(binaries, account)
            assert found.is_relative_to(cache)
            assert "is closed to the account nobody; using the copy" in capsys.readouterr().err
        assert len(list(cache.iterdir())) == 1
        assert postgres_binaries.reachable_binaries(binaries, None) == binaries
    finally:
        shutil.rmtree(cache)


def test_redis_keeps_what_it_was_told(tmp_path: Path) -> None:
    port = free_port()

    def start() -> Program:
        data, log = str(tmp_path / "data"), tmp_path / "redis.log"
        return Program(log, "redis", "--data", data, "--port", str(port))

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False

    with redis.Redis(port=port) as client:
        program = start()
        wait_for(answers, within_s=10, what="Redis answers")
        client.set("a", "1")
        program.stop(signal.SIGTERM)
        program = start()
        try:
            wait_for(answers, within_s=10, what="Redis answers again")
            assert client.get("a") == b"1"
        finally:
            program.stop(signal.SIGTERM)
