"""A server of one installed PostgreSQL, for proofs about what it accepts."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from hormesis.host.postgres.binaries import Installation
from tests.proving_ground.programs import free_port
from tests.proving_ground.wait import wait_for


@contextmanager
def served(installation: Installation) -> Iterator[str]:
    """Run a server of *installation* and yield how to reach it."""
    # The account that a server of root's runs as must reach its folder.
    directory = Path(tempfile.mkdtemp(prefix="hormesis-strategies-"))
    directory.chmod(0o755)
    log = directory / "server.log"
    port = free_port()
    dsn = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    program = (sys.executable, "-m", "hormesis.host.programs.postgres_server")
    options = ("--data", str(directory / "data"), "--port", str(port))
    with log.open("wb") as said:
        server = subprocess.Popen(
            [*program, *options, "--bin", str(installation.bin)], stdout=said, stderr=said
        )

    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        wait_for(answers, within_s=60, what=f"PostgreSQL {installation.version} answers")
        yield dsn
    finally:
        server.send_signal(signal.SIGINT)  # fast: sessions need not end first
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)
        shutil.rmtree(directory)
