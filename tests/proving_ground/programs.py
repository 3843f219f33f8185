"""Start and stop the proving ground's programs as real processes."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg

from tests.proving_ground.wait import wait_for

TOKEN = "test-token"
ADMIN = {"X-Admin-Token": TOKEN}


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """One running ``python -m proving_ground …``."""

    def __init__(
        self, log: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "proving_ground", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
            )

    @property
    def returncode(self) -> int | None:
        return self.process.poll()

    def stop(self, number: int = signal.SIGTERM, within_s: float = 10.0) -> int:
        """Send a signal and return the exit status; kill what does not stop."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
            raise

    def end(self) -> None:
        """Kill what a test started: how it stops in order has a test of its own."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(5)

    def text(self) -> str:
        return self.log.read_text()


class Postgres:
    """One PostgreSQL server that tests may stop, kill and start again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self.program: Program | None = None

    def dsn(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        if self.program is not None and self.program.returncode is None:
            return
        data, log = str(self._directory / "data"), self._directory / "postgres.log"
        self.program = Program(log, "postgres", "--data", data, "--port", str(self.port))
        wait_for(self._answers, within_s=30, what="PostgreSQL answers")

    def _answers(self) -> bool:
        assert self.program is not None
        assert self.program.returncode is None, self.program.text()
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, number: int = signal.SIGINT) -> None:
        assert self.program is not None
        self.program.stop(number, within_s=60.0)  # its last checkpoint waits for the disk

    def discard(self) -> None:
        """Stop for good; data that had to lie elsewhere goes too."""
        try:
            if self.program is not None:
                self.stop(signal.SIGQUIT)  # nobody reads the data any more: no last checkpoint
        finally:
            data = self._directory / "data"
            if data.is_symlink():
                shutil.rmtree(data.readlink())

    def execute(
        self, query: LiteralString, parameters: tuple[Any, ...] = (), database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []

    def new_database(self) -> str:
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            )
        return name


class Server:
    """One main server with a database of its own, and a client that talks to it."""

    def __init__(self, program: Program, postgres: Postgres, database: str, port: int) -> None:
        self.program = program
        self.postgres = postgres
        self.database = database
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=20)

    def submit(self, **fields: Any) -> list[str]:
        answer = self.client.post("/api/jobs", json=fields, headers=ADMIN)
        assert answer.status_code == 201, answer.text
        ids: list[str] = answer.json()["ids"]
        return ids

    def claim(self, bot_id: str, **fields: Any) -> dict[str, Any] | None:
        answer = self.client.post("/api/jobs/claim", json={"bot_id": bot_id, **fields})
        assert answer.status_code in (200, 204), answer.text
        job: dict[str, Any] | None = answer.json()["job"] if answer.status_code == 200 else None
        return job

    def complete(self, job_id: str, bot_id: str, attempt: int) -> httpx.Response:
        body = {"bot_id": bot_id, "attempt": attempt}
        return self.client.post(f"/api/jobs/{job_id}/complete", json=body)

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/api/jobs/{job_id}").json()
        return found

    def stats(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/api/stats").json()
        return found

    def clean_up(self) -> dict[str, int]:
        answer = self.client.post("/api/admin/cleanup", headers=ADMIN)
        assert answer.status_code == 200, answer.text
        return {kind: n for kind, n in answer.json()["repaired"].items() if n}

    def consistency(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/api/consistency", headers=ADMIN).json()
        return found

    def sql(self, query: LiteralString, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.postgres.execute(query, parameters, database=self.database)


@contextmanager
def running_server(
    postgres: Postgres,
    directory: Path,
    *arguments: str,
    canary: str = "",
    database: str | None = None,
    user: str = "postgres",
    port: int | None = None,
) -> Iterator[Server]:
    """Run a main server on a new database, ready, and stop it afterwards."""
    name = database or postgres.new_database()
    port = port or free_port()
    program = Program(
        directory / f"server-{port}.log",
        *("server", "--port", str(port), "--database-url", postgres.dsn(name, user), *arguments),
        environment={"PROVING_GROUND_ADMIN_TOKEN": TOKEN, "PROVING_GROUND_CANARY": canary},
    )
    server = Server(program, postgres, name, port)

    def ready() -> bool:
        assert program.returncode is None, program.text()
        try:
            return server.client.get("/ready").status_code == 200 and (
                server.client.get("/api/stats").status_code == 200
            )
        except httpx.TransportError:
            return False

    try:
        wait_for(ready, within_s=20, what="the server is ready")
        yield server
    finally:
        server.client.close()
        program.end()
