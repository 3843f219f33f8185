"""Each planted defect shows, and the correct server beside it does not have it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from tests.proving_ground.conftest import StartServer
from tests.proving_ground.programs import Postgres, Server
from tests.proving_ground.test_api import race
from tests.proving_ground.test_database_loss import locked_jobs, terminate_all
from tests.proving_ground.wait import wait_for

# Each canary against the whole suite is the business of tests/quality; these show them one by one.
pytestmark = [pytest.mark.integration, pytest.mark.prove]


def both(canary: str) -> pytest.MarkDecorator:
    """Run a test with the defect and without it."""
    return pytest.mark.parametrize("canary", ["", canary], ids=["clean", canary])


@both("claim-without-lock")
def test_claim_without_lock(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    most = 0
    for n in range(5):
        (job_id,) = server.submit()
        bodies: list[dict[str, Any]] = [
            {"bot_id": f"r{n}-{i}", "job_id": job_id} for i in range(50)
        ]
        answers = asyncio.run(race(server.url, bodies))
        assert {answer.status_code for answer in answers} <= {200, 204}
        winners = [a.json()["job"] for a in answers if a.status_code == 200]
        assert {winner["attempt"] for winner in winners} == {1}
        most = max(most, len(winners))
        last = server.job(job_id)["bot_id"]
        assert last is None or server.complete(job_id, last, 1).status_code in (200, 409)
    assert (most > 1) == bool(canary)


@both("cleanup-off")
def test_cleanup_off(start_server: StartServer, canary: str) -> None:
    server = start_server("--cleanup-every", "100ms", "--bot-timeout", "200ms", canary=canary)
    server.sql("INSERT INTO bots (id, name, current_job_id) VALUES ('gone', 'x', 'no-such-job')")
    (job_id,) = server.submit()
    server.claim("silent")
    if canary:
        found = wait_for(
            lambda: [job for job in server.consistency()["stuck_jobs"] if job["id"] == job_id],
            within_s=5,
            what="the silent bot's job counts as stuck",
        )
        assert "silent" in found[0]["reason"]
        assert server.clean_up() == {}
        assert server.consistency()["orphaned_bots"]
    else:
        wait_for(
            lambda: server.job(job_id)["status"] == "pending", within_s=5, what="the job is back"
        )
        assert server.consistency()["consistent"]


def claims(server: Server) -> list[int]:
    bodies = [{"bot_id": f"b{n}"} for n in range(10)]
    return [answer.status_code for answer in asyncio.run(race(server.url, bodies))]


@both("no-reconnect")
def test_no_reconnect(start_server: StartServer, postgres: Postgres, canary: str) -> None:
    server = start_server(canary=canary)
    server.submit(count=50)
    assert set(claims(server)) == {200}
    terminate_all(server)
    if not canary:
        assert set(claims(server)) == {200}
        return
    # A connection that was being made at that moment may still answer, until a loss is noticed.
    wait_for(lambda: 503 in claims(server), within_s=10, what="the loss is noticed")
    assert set(claims(server)) == {503}
    postgres.stop()
    postgres.start()
    assert set(claims(server)) == {503}
    assert server.client.get("/health").json()["status"] == "unhealthy"
    assert server.program.returncode is None


@both("crash-on-database-loss")
def test_crash_on_database_loss(start_server: StartServer, canary: str) -> None:
    server = start_server("--cleanup-every", "100ms", canary=canary)
    server.submit(count=50)
    assert set(claims(server)) == {200}
    terminate_all(server)
    if canary:
        wait_for(lambda: server.program.returncode is not None, within_s=5, what="the server exits")
        assert server.program.returncode == 70
    else:
        assert set(claims(server)) == {200}
        assert server.program.returncode is None


@both("completion-not-idempotent")
def test_completion_not_idempotent(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    (job_id,) = server.submit()
    server.claim("b")
    answers = [server.complete(job_id, "b", 1).json()["already"] for _ in range(2)]
    assert answers == [False, not canary]
    assert server.job(job_id)["completions"] == (2 if canary else 1)
    assert server.complete(job_id, "other", 1).status_code == 409


def test_a_clean_server_takes_over_a_database_with_duplicates(start_server: StartServer) -> None:
    broken = start_server(canary="completion-not-idempotent")
    (job_id,) = broken.submit()
    broken.claim("b")
    for _ in range(3):
        broken.complete(job_id, "b", 1)
    assert start_server(database=broken.database).job(job_id)["completions"] == 1


@both("job-lost-on-worker-death")
def test_job_lost_on_worker_death(start_server: StartServer, canary: str) -> None:
    server = start_server("--cleanup-every", "1h", "--bot-timeout", "200ms", canary=canary)
    (job_id,) = server.submit()
    server.claim("silent")
    assert wait_for(server.clean_up, within_s=5, what="cleanup") == {"dead_bots": 1}
    assert server.client.get(f"/api/jobs/{job_id}").status_code == (404 if canary else 200)
    assert server.stats()["jobs"]["total"] == (0 if canary else 1)
    assert server.consistency()["consistent"]


@both("unbounded-wait")
def test_unbounded_wait(start_server: StartServer, canary: str) -> None:
    server = start_server("--database-timeout", "200ms", canary=canary)
    with locked_jobs(server):
        if canary:
            with pytest.raises(httpx.ReadTimeout):
                server.client.get("/api/jobs/x", timeout=1.5)
        else:
            assert server.client.get("/api/jobs/x", timeout=1.5).status_code == 503
        assert server.client.get("/health").status_code == 200
    assert server.client.get("/api/jobs/x").status_code == 404


@both("health-always-healthy")
def test_health_always_healthy(start_server: StartServer, postgres: Postgres, canary: str) -> None:
    server = start_server(canary=canary)
    postgres.stop()
    for path in ("/health", "/ready"):
        assert server.client.get(path).status_code == (200 if canary else 503)
    assert server.client.post("/api/jobs/claim", json={"bot_id": "b"}).status_code == 503


@both("health-rate-limited")
def test_health_rate_limited(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    assert server.client.get("/health").status_code == 200
    assert server.client.get("/health").status_code == (429 if canary else 200)
    assert {server.client.get("/ready").status_code for _ in range(3)} == {200}


@both("slow-claim")
def test_slow_claim(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    server.submit(count=10)
    took_s = [
        server.client.post("/api/jobs/claim", json={"bot_id": f"b{n}"}).elapsed.total_seconds()
        for n in range(10)
    ]
    if canary:
        assert 0.15 <= min(took_s) <= max(took_s) < 1.0
    else:
        assert min(took_s) < 0.1


@both("flaky-claim")
def test_flaky_claim(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    server.submit(count=10)
    answers = [
        server.client.post("/api/jobs/claim", json={"bot_id": f"b{n}"}).status_code
        for n in range(10)
    ]
    assert answers == [500 if canary and n % 5 == 0 else 200 for n in range(1, 11)]
    assert server.stats()["jobs"]["pending"] == (2 if canary else 0)


@both("lost-submit")
def test_lost_submit(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    for count, kept in [(5, 5), (16, 16), (17, 16), (60, 48)]:
        kind = f"of-{count}"
        assert len(server.submit(count=count, kind=kind)) == count
        found = server.client.get(f"/api/jobs?kind={kind}&limit=100").json()["jobs"]
        assert len(found) == (kept if canary else count)


@both("inherited-corruption")
def test_inherited_corruption(start_server: StartServer, canary: str) -> None:
    server = start_server("--cleanup-every", "100ms", "--bot-timeout", "200ms", canary=canary)
    server.sql("INSERT INTO bots (id, name, current_job_id) VALUES ('gone', 'x', 'no-such-job')")
    wait_for(
        lambda: "gone" not in [one["id"] for one in server.consistency()["orphaned_bots"]],
        within_s=5,
        what="a new orphan is repaired",
    )
    server.clean_up()
    found = server.consistency()
    assert found["consistent"] is not bool(canary)
    if canary:
        assert [one["id"] for one in found["orphaned_bots"]] == ["legacy-orphan"]
        (shared,) = found["duplicate_assignments"]
        assert shared["bot_ids"] == ["legacy-owner", "legacy-thief"]
        assert "legacy-stuck" in [one["id"] for one in found["stuck_jobs"]]


@both("consistency-always-consistent")
def test_consistency_always_consistent(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=",".join(filter(None, [canary, "cleanup-off"])))
    server.sql("INSERT INTO bots (id, name, current_job_id) VALUES ('gone', 'x', 'no-such-job')")
    found = server.consistency()
    assert found["consistent"] is bool(canary)
    assert [one["id"] for one in found["orphaned_bots"]] == ([] if canary else ["gone"])
    assert (found["duplicate_assignments"], found["stuck_jobs"]) == ([], [])


@both("short-keep-alive")
def test_short_keep_alive(start_server: StartServer, canary: str) -> None:
    server = start_server(canary=canary)
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
        client.request("GET", "/health")
        answer = client.getresponse()
        assert answer.status == 200
        # To its end: head and body may come apart, and a late body says nothing about closing.
        answer.read()
        connection = client.sock
        if canary:
            assert connection.recv(1) == b""
        else:
            connection.settimeout(2.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)


def test_active_canaries_are_logged_loudly(start_server: StartServer) -> None:
    server = start_server(canary="cleanup-off,unbounded-wait")
    assert server.program.text().count("CANARY ON") == 2
