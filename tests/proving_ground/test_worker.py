from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.proving_ground.programs import Postgres
from tests.proving_ground.queen_program import Queen, running_queen
from tests.proving_ground.wait import wait_for

QUICK = ("--lease", "700ms", "--backoff", "100ms")


@pytest.fixture(scope="module")
def one_queen(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Queen]:
    postgres_server.start()
    arguments = ("--lease", "700ms", "--breaker-open", "1500ms", "--breaker-failures", "2")
    with running_queen(postgres_server, tmp_path_factory.mktemp("queen"), arguments) as running:
        yield running


@pytest.fixture
def queen(one_queen: Queen) -> Iterator[Queen]:
    """The queen without workers and tasks of another test."""
    yield one_queen
    one_queen.forget()


def test_the_task_of_a_killed_worker_is_done_by_another(queen: Queen) -> None:
    task_id = queen.submit(payload={"seconds": 1}, tag="t")
    first = queen.worker(*QUICK)
    queen.wait_for_status(task_id, "running")
    first.process.kill()
    first.process.wait(5)
    queen.worker(*QUICK)
    done = queen.wait_for_status(task_id, "completed")
    assert queen.outcomes(task_id) == ["abandoned", "completed"]
    names = [one["worker"] for one in done["executions"]]
    found = queen.client.get("/workers").json()
    assert found["alive"] == 1
    assert [one["name"] for one in found["workers"]] == sorted(set(names))
    assert {one["name"]: one["state"] for one in found["workers"]} == {
        names[0]: "dead",
        names[1]: "ready",
    }


def test_a_worker_that_is_told_to_stop_hands_back_what_it_has(queen: Queen) -> None:
    task_id = queen.submit(payload={"seconds": 30}, max_attempts=1)
    worker = queen.worker(*QUICK, "--grace", "200ms")
    queen.wait_for_status(task_id, "running")
    assert worker.stop() == 0
    task = queen.task(task_id)
    assert (task["status"], task["attempt"]) == ("pending", 0)
    assert queen.outcomes(task_id) == ["handed-back"]
    assert queen.client.get("/workers").json()["workers"][0]["state"] == "stopped"


def test_breakers_open_refuse_and_close_each_for_its_own_type(queen: Queen) -> None:
    queen.worker(*QUICK, "--breaker-open", "1500ms", "--breaker-failures", "2")
    shaky = queen.submit("flaky", payload={"failures": 2}, max_attempts=9)

    def breakers() -> dict[str, str]:
        found = queen.client.get("/breakers").json()["breakers"]
        return {one["type"]: one["state"] for one in found}

    wait_for(lambda: breakers().get("flaky") == "open", within_s=10, what="the breaker is open")
    body = {"type": "flaky", "payload": {"failures": 0}}
    refused = queen.client.post("/tasks", json=body)
    assert (refused.status_code, refused.json()["error"]) == (503, "breaker-open")
    queen.wait_for_status(queen.submit(), "completed")
    queen.wait_for_status(shaky, "completed")
    assert breakers() == {"flaky": "closed"}
    assert queen.outcomes(shaky) == ["failed", "failed", "completed"]
    assert queen.client.post("/tasks", json=body).status_code == 201


def test_what_fails_for_good_waits_in_the_dead_letter_queue(queen: Queen) -> None:
    queen.worker("--lease", "700ms", "--backoff", "30ms", "--breaker-failures", "100")
    task_id = queen.submit("failing", payload={"message": "no"}, max_attempts=2)
    assert queen.wait_for_status(task_id, "dead")["error"] == "no"
    rows = queen.sql(
        "SELECT extract(epoch FROM lead(started_at) OVER (ORDER BY id) - finished_at)::float "
        "FROM task_executions ORDER BY id"
    )
    assert rows[0][0] >= 0.03
    dead = queen.client.get("/tasks/dead-letter").json()["tasks"]
    assert [one["id"] for one in dead] == [task_id]
    again = queen.client.post(f"/tasks/dead-letter/{task_id}/retry")
    assert (again.status_code, again.json()["status"]) == (200, "pending")
    queen.wait_for_status(task_id, "dead")
    assert len(queen.outcomes(task_id)) == 5


def test_a_webhook_is_repeated_with_the_same_key(queen: Queen) -> None:
    queen.worker(*QUICK)
    url = f"{queen.url}/api/v1/webhooks/here"
    ids = [queen.submit("webhook", payload={"url": url}) for _ in range(2)]
    for task_id in ids:
        queen.wait_for_status(task_id, "completed")
    found = queen.client.get("/webhooks/here").json()["deliveries"]
    assert sorted(one["key"] for one in found) == sorted(ids)


def test_the_memory_limit_is_refused_memory_not_death() -> None:
    code = (
        "from proving_ground.worker.memory import limit_memory, resident_bytes\n"
        "limit_memory(64 * 1024**2)\n"
        "assert resident_bytes() > 0\n"
        "bytearray(16 * 1024**2)\n"
        "try:\n    bytearray(256 * 1024**2)\n"
        "except MemoryError:\n    raise SystemExit(7)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
