"""Start and stop a queen with her workers, as real processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import httpx

from tests.proving_ground.programs import TOKEN, Postgres, Program, free_port
from tests.proving_ground.wait import wait_for

BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Queen:
    """One queen with a database of her own, and a client that is her administrator."""

    def __init__(
        self, program: Program, postgres: Postgres, database: str, port: int, directory: Path
    ) -> None:
        self.program = program
        self.dsn = postgres.dsn(database)
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=f"{self.url}/api/v1", headers=BEARER, timeout=20)
        self._postgres = postgres
        self._database = database
        self._directory = directory
        self._stack = ExitStack()
        self._workers = 0

    def submit(self, task_type: str = "delay", **fields: Any) -> str:
        fields.setdefault("payload", {"seconds": 0} if task_type == "delay" else {})
        answer = self.client.post("/tasks", json={"type": task_type, **fields})
        assert answer.status_code == 201, answer.text
        task_id: str = answer.json()["id"]
        return task_id

    def task(self, task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/tasks/{task_id}").json()
        return found

    def outcomes(self, task_id: str) -> list[str | None]:
        return [one["outcome"] for one in self.task(task_id)["executions"]]

    def wait_for_status(self, task_id: str, status: str, within_s: float = 15.0) -> dict[str, Any]:
        wait_for(
            lambda: self.task(task_id)["status"] == status,
            within_s=within_s,
            what=f"task is {status}",
        )
        return self.task(task_id)

    def worker(self, *arguments: str, canary: str = "") -> Program:
        """Start a worker; it stops with the test."""
        self._workers += 1
        name = f"worker-{self._workers}"
        program = Program(
            self._directory / f"{name}.log",
            *("worker", "--name", name, "--database-url", self.dsn, "--poll", "50ms"),
            *arguments,
            environment={"PROVING_GROUND_CANARY": canary},
        )
        self._stack.callback(program.end)
        return program

    def sql(self, query: LiteralString, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._postgres.execute(query, parameters, database=self._database)

    def forget(self) -> None:
        """End the workers, and forget all tasks and what they did."""
        self._stack.close()
        self.sql("TRUNCATE tasks, task_executions, breakers, workers, deliveries")

    def close(self) -> None:
        self._stack.close()
        self.client.close()
        self.program.end()


@contextmanager
def running_queen(
    postgres: Postgres, directory: Path, arguments: Sequence[str] = (), canary: str = ""
) -> Iterator[Queen]:
    """Run a queen on a new database, ready, and stop her and her workers afterwards."""
    database, port = postgres.new_database(), free_port()
    program = Program(
        directory / f"queen-{port}.log",
        *("queen", "--port", str(port), "--database-url", postgres.dsn(database), *arguments),
        environment={"PROVING_GROUND_ADMIN_TOKEN": TOKEN, "PROVING_GROUND_CANARY": canary},
    )
    queen = Queen(program, postgres, database, port, directory)

    def ready() -> bool:
        assert program.returncode is None, program.text()
        try:
            return httpx.get(f"{queen.url}/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_for(ready, within_s=20, what="the queen is ready")
        yield queen
    finally:
        queen.close()
