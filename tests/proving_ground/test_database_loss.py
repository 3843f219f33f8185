from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from tests.proving_ground.conftest import StartServer
from tests.proving_ground.programs import Postgres, Server
from tests.proving_ground.test_api import race
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration


def terminate_all(server: Server) -> int:
    """Kill every connection of the server's; return how many."""
    return len(
        server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'proving-ground' AND datname = current_database()"
        )
    )


@contextmanager
def locked_jobs(server: Server) -> Iterator[None]:
    """Hold the jobs table so that every statement on it waits."""
    with psycopg.connect(server.postgres.dsn(server.database)) as connection:
        connection.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
        yield


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Freeze the database altogether: connections stay open and nothing answers."""
    backends = server.sql("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    program = server.postgres.program
    assert program is not None
    pids = [program.process.pid, *(pid for (pid,) in backends)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_health_is_true_while_the_database_is_away(
    start_server: StartServer, postgres: Postgres
) -> None:
    server = start_server()
    before = server.client.get("/health")
    assert (before.status_code, before.json()["database"]) == (200, "ok")
    postgres.stop()
    for path in ("/health", "/ready"):
        away = server.client.get(path)
        assert (away.status_code, away.json()["status"]) == (503, "unhealthy")
        assert "database-unavailable" in away.json()["database"]
    claim = server.client.post("/api/jobs/claim", json={"bot_id": "b"})
    assert (claim.status_code, claim.json()["error"]) == (503, "database-unavailable")
    postgres.start()
    assert server.client.get("/health").status_code == 200
    assert len(server.submit()) == 1
    assert server.client.get("/health").json()["pid"] == before.json()["pid"]


def test_killed_connections_are_not_noticed_by_callers(start_server: StartServer) -> None:
    server = start_server()
    server.submit(count=200)
    bodies = [{"bot_id": f"b{n}"} for n in range(30)]
    for _ in range(3):
        asyncio.run(race(server.url, bodies))
        assert terminate_all(server) > 1
        answers = asyncio.run(race(server.url, bodies))
        assert {answer.status_code for answer in answers} == {200}


def test_a_crashed_database_comes_back_on_the_same_data(
    start_server: StartServer, postgres: Postgres
) -> None:
    server = start_server()
    (job_id,) = server.submit()
    postgres.stop(signal.SIGKILL)
    postgres.start()
    wait_for(lambda: server.client.get("/ready").status_code == 200, within_s=5, what="ready again")
    assert server.job(job_id)["status"] == "pending"


def test_live_bots_are_not_reaped_because_of_an_outage(
    start_server: StartServer, postgres: Postgres
) -> None:
    server = start_server("--cleanup-every", "50ms", "--bot-timeout", "2s")
    (job_id,) = server.submit()
    server.claim("alive")
    postgres.stop()
    server.postgres.start()
    server.sql("UPDATE bots SET last_heartbeat = now() - interval '10 s'")
    wait_for(lambda: server.client.get("/ready").status_code == 200, within_s=5, what="ready again")
    assert server.clean_up() == {}
    assert server.client.post("/api/bots/alive/heartbeat").json()["current_job_id"] == job_id
    assert server.complete(job_id, "alive", 1).status_code == 200


def test_a_locked_table_is_a_slow_database(start_server: StartServer) -> None:
    server = start_server("--database-timeout", "300ms")
    server.submit()
    with locked_jobs(server):
        began = time.monotonic()
        answer = server.client.post("/api/jobs/claim", json={"bot_id": "b"})
        assert time.monotonic() - began < 1.0
        assert (answer.status_code, answer.json()["error"]) == (503, "database-slow")
        assert server.client.get("/health").status_code == 200
    assert server.claim("b") is not None


def test_a_frozen_database_is_waited_for_in_bounds(start_server: StartServer) -> None:
    server = start_server("--database-timeout", "400ms")
    server.submit(count=100)
    bodies = [{"bot_id": f"b{n}"} for n in range(40)]
    asyncio.run(race(server.url, bodies))
    with frozen(server):
        began = time.monotonic()
        answers = asyncio.run(race(server.url, bodies))
        assert time.monotonic() - began < 2.0
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["error"] for answer in answers} == {"database-slow"}
        began = time.monotonic()
        assert server.client.get("/health").status_code == 503
        assert time.monotonic() - began < 1.5
    wait_for(
        lambda: server.client.get("/health").status_code == 200, within_s=5, what="healthy again"
    )
    answers = asyncio.run(race(server.url, bodies))
    assert {answer.status_code for answer in answers} == {200}


def test_the_connection_limit_is_reported_as_such(
    start_server: StartServer, postgres: Postgres
) -> None:
    name = postgres.new_database()
    postgres.execute(
        "DO $$ BEGIN IF to_regrole('limited') IS NULL THEN"
        " CREATE ROLE limited LOGIN CONNECTION LIMIT 1; END IF; END $$"
    )
    postgres.execute("GRANT ALL ON SCHEMA public TO limited", database=name)
    server = start_server(
        "--cleanup-every", "1h", "--database-timeout", "3s", database=name, user="limited"
    )
    server.submit()
    with locked_jobs(server):

        def claim() -> None:
            with httpx.Client(base_url=server.url, timeout=20) as client:
                client.post("/api/jobs/claim", json={"bot_id": "first"})

        first = threading.Thread(target=claim)
        first.start()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        wait_for(lambda: server.sql(waiting)[0][0] > 0, within_s=2, what="the first claim waits")
        second = server.client.post("/api/jobs/claim", json={"bot_id": "second"})
        assert second.status_code == 503
        assert second.json()["error"] == "database-connections-exhausted"
    first.join(10)


def test_a_server_may_start_before_its_database(
    start_server: StartServer, postgres: Postgres
) -> None:
    name = postgres.new_database()
    postgres.stop()
    starter = threading.Thread(target=postgres.start)
    starter.start()
    server = start_server(database=name)
    starter.join(30)
    assert len(server.submit()) == 1
