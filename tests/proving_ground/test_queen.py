from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.routing import Route

from proving_ground.cli import command_line_parser
from proving_ground.queen.app import Queen as Application
from proving_ground.queen.openapi import openapi
from proving_ground.queen.settings import QueenSettings
from tests.proving_ground.programs import Postgres, Program, free_port
from tests.proving_ground.queen_program import BEARER, Queen, running_queen
from tests.proving_ground.wait import wait_for

SETTINGS = QueenSettings(port=1, database_url="postgresql://nobody@127.0.0.1:1/x", admin_token="t")


@pytest.fixture(scope="module")
def queen(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Queen]:
    """A correct queen without workers, for tests that do not break her."""
    postgres_server.start()
    with running_queen(postgres_server, tmp_path_factory.mktemp("queen")) as running:
        yield running


def test_the_description_names_exactly_what_is_served() -> None:
    application = Application(SETTINGS, started_at_s=0.0)
    served = {
        (route.path, method.lower())
        for route in application.app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    document = openapi([*application.endpoints, *application.described])
    told = {(path, method) for path, item in document["paths"].items() for method in item}
    assert told == served
    names = [one["operationId"] for item in document["paths"].values() for one in item.values()]
    assert len(names) == len(set(names))


def test_every_operation_keeps_to_its_description(queen: Queen) -> None:
    asked = 0
    with httpx.Client(base_url=queen.url, timeout=20) as client:
        document = client.get("/openapi.json").json()
        operations = [
            (path, method, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if not path.startswith("/v1/")
        ]
        for path, method, operation in operations:
            bodies: list[Any] = [{}, {"type": 1}] if "requestBody" in operation else [None]
            for headers in ({}, BEARER):
                for body in bodies:
                    address = path.replace("{", "").replace("}", "")
                    answer = client.request(method, address, json=body, headers=headers)
                    where = f"{method} {path}: {answer.status_code}"
                    assert str(answer.status_code) in operation["responses"], where
                    if answer.status_code >= 400:
                        assert set(answer.json()) == {"error", "detail"}, where
                    if "x-role" in operation and not headers:
                        assert answer.status_code == 401, where
                    asked += 1
    assert asked > 60


def test_a_key_makes_one_task_however_many_ask_at_once(queen: Queen) -> None:
    body = {"type": "delay", "payload": {"seconds": 0}, "idempotency_key": "k", "tag": "once"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: queen.client.post("/tasks", json=body), range(16)))
    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert sum(answer.status_code == 201 for answer in answers) == 1
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert queen.client.get("/tasks/stats", params={"tag": "once"}).json()["total"] == 1
    # A repetition tells what has become of the task since.
    task = answers[0].json()["id"]
    assert queen.client.post(f"/tasks/{task}/cancel").status_code == 200
    assert queen.client.post("/tasks", json=body).json()["status"] == "cancelled"


def test_users_see_their_own_tasks_and_administrators_all(queen: Queen) -> None:
    tokens = {}
    for name in ("ann", "bob"):
        secret = {"username": name, "password": "correct-horse"}
        assert queen.client.post("/auth/register", json=secret).status_code == 201
        tokens[name] = queen.client.post("/auth/login", json=secret).json()["token"]
    own = {"Authorization": f"Bearer {tokens['ann']}"}
    task_id = queen.client.post(
        "/tasks", json={"type": "delay", "payload": {"seconds": 0}}, headers=own
    ).json()["id"]
    other = {"Authorization": f"Bearer {tokens['bob']}"}
    assert queen.client.get(f"/tasks/{task_id}", headers=other).status_code == 404
    assert queen.client.post(f"/tasks/{task_id}/cancel", headers=other).status_code == 404
    assert queen.client.get(f"/tasks/{task_id}", headers=own).status_code == 200
    assert queen.client.get(f"/tasks/{task_id}").status_code == 200


def test_secrets_are_not_kept(queen: Queen) -> None:
    secret = {"username": "eve", "password": "correct-horse"}
    queen.client.post("/auth/register", json=secret)
    token = queen.client.post("/auth/login", json=secret).json()["token"]
    rows = queen.sql("SELECT password FROM users UNION ALL SELECT hash FROM tokens")
    assert len(rows) >= 2
    kept = repr(rows)
    assert token not in kept
    assert "correct-horse" not in kept


def test_without_its_database_it_says_so_soon(tmp_path: Path) -> None:
    port = free_port()
    program = Program(
        tmp_path / "queen.log",
        *("queen", "--port", str(port), "--admin-token", "t"),
        *("--database-url", f"postgresql://nobody@127.0.0.1:{free_port()}/x"),
    )
    url = f"http://127.0.0.1:{port}"

    def asked(path: str) -> httpx.Response | None:
        try:
            return httpx.get(url + path, headers={"X-Admin-Token": "t"}, timeout=5)
        except httpx.TransportError:
            return None

    try:
        wait_for(lambda: asked("/metrics"), within_s=15, what="the queen answers")
        for path in ("/health", "/api/v1/health", "/ready", "/api/v1/tasks"):
            answer = asked(path)
            assert answer is not None
            assert answer.status_code == 503, path
            assert answer.elapsed.total_seconds() < 2.5
        health = asked("/health")
        assert health is not None
        assert health.json()["status"] == "unhealthy"
        assert "database-unavailable" in health.json()["database"]
    finally:
        assert program.stop() == 0


def test_the_system_file_runs_commands_that_exist() -> None:
    text = files("proving_ground.systems.tasks").joinpath("system.yaml").read_text()
    system = yaml.safe_load(text)
    assert list(system["processes"]) == ["postgres", "queen", "worker"]
    own_processes = [one for name, one in system["processes"].items() if name != "postgres"]
    for process in own_processes:
        python, _, module, *arguments = process["run"]
        assert (python, module) == ("${python}", "proving_ground")
        given = ["1" if "${" in argument else argument for argument in arguments]
        assert command_line_parser().parse_args(given).command == arguments[0]
        own = [name.removeprefix("PROVING_GROUND_") for name in process.get("env", {})]
        helped = command_line_parser().parse_args(given)
        assert [name for name in own if not hasattr(helped, name.lower())] == []
    for target in system["targets"].values():
        assert target.get("link") in (None, *system["links"])
