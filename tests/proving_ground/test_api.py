from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.proving_ground.conftest import StartServer
from tests.proving_ground.programs import ADMIN, TOKEN, Server

pytestmark = pytest.mark.integration


def test_a_job_from_submission_to_completion(shared_server: Server, kind: str) -> None:
    (job_id,) = shared_server.submit(kind=kind, work_ms=7, payload={"a": [1]})
    assert shared_server.job(job_id)["status"] == "pending"
    job = shared_server.claim("bot-a", kind=kind)
    assert job == {"id": job_id, "kind": kind, "attempt": 1, "work_ms": 7, "payload": {"a": [1]}}
    assert shared_server.claim("bot-b", kind=kind) is None
    done = shared_server.complete(job_id, "bot-a", 1)
    assert (done.status_code, done.json()) == (200, {"completed": True, "already": False})
    found = shared_server.job(job_id)
    assert (found["status"], found["completions"]) == ("completed", 1)
    assert [a["outcome"] for a in found["assignments"]] == ["completed"]


def test_registered_bots_have_their_own_identity(shared_server: Server) -> None:
    answers = [shared_server.client.post("/api/bots", json={"name": "twin"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    first, second = (answer.json()["id"] for answer in answers)
    assert first != second
    beat = shared_server.client.post(f"/api/bots/{first}/heartbeat")
    assert (beat.status_code, beat.json()["current_job_id"]) == (200, None)
    listed = {bot["id"] for bot in shared_server.client.get("/api/bots").json()["bots"]}
    assert {first, second} <= listed


@pytest.mark.parametrize("headers", [{}, {"X-Admin-Token": "no"}, {"Authorization": "Basic x"}])
def test_administration_needs_the_token(shared_server: Server, headers: dict[str, str]) -> None:
    client = shared_server.client
    for method, path in [
        ("POST", "/api/jobs"),
        ("DELETE", "/api/jobs?kind=x"),
        ("POST", "/api/admin/cleanup"),
        ("GET", "/api/consistency"),
    ]:
        answer = client.request(method, path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_a_bearer_token_is_as_good(shared_server: Server) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert shared_server.client.get("/api/consistency", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/jobs/claim", "no json"),
        ("/api/jobs/claim", "[]"),
        ("/api/jobs/claim", "{}"),
        ("/api/jobs/claim", '{"bot_id": 3}'),
        ("/api/jobs/claim", '{"bot_id": "a\\u0000"}'),
        ("/api/jobs", '{"count": 0}'),
        ("/api/jobs", '{"payload": {"a": "\\u0000"}}'),
        ("/api/jobs", '{"work_ms": -1}'),
        ("/api/jobs/x/complete", '{"bot_id": "b"}'),
        ("/api/bots", "{}"),
    ],
)
def test_what_cannot_be_understood_is_400(shared_server: Server, path: str, body: str) -> None:
    answer = shared_server.client.post(path, content=body, headers=ADMIN)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad-request")


def test_unknown_places_are_404(shared_server: Server) -> None:
    assert shared_server.client.get("/nowhere").json()["error"] == "not-found"
    assert shared_server.client.get("/api/jobs/nothing").status_code == 404
    assert shared_server.complete("nothing", "b", 1).status_code == 404
    assert shared_server.client.get("/api/jobs/claim/x").status_code == 404


def test_submitting_the_same_ids_again_changes_nothing(shared_server: Server, kind: str) -> None:
    ids = [f"{kind}-1", f"{kind}-2"]
    assert shared_server.submit(ids=ids, kind=kind) == ids
    job = shared_server.claim("bot-a", kind=kind)
    assert shared_server.submit(ids=ids, kind=kind) == ids
    assert job is not None
    assert shared_server.job(job["id"])["status"] == "assigned"
    listed = shared_server.client.get("/api/jobs", params={"kind": kind}).json()["jobs"]
    assert [found["id"] for found in listed] == ids


def test_completing_again_changes_nothing(shared_server: Server, kind: str) -> None:
    (job_id,) = shared_server.submit(kind=kind)
    shared_server.claim("bot-a", kind=kind)
    answers = [shared_server.complete(job_id, "bot-a", 1).json()["already"] for _ in range(3)]
    assert answers == [False, True, True]
    assert shared_server.job(job_id)["completions"] == 1


def test_only_the_holder_at_its_attempt_completes(shared_server: Server, kind: str) -> None:
    (job_id,) = shared_server.submit(kind=kind)
    shared_server.claim("bot-a", kind=kind)
    assert shared_server.complete(job_id, "bot-b", 1).status_code == 409
    assert shared_server.complete(job_id, "bot-a", 2).status_code == 409
    assert shared_server.job(job_id)["status"] == "assigned"


def test_a_job_handed_back_can_be_claimed_again(shared_server: Server, kind: str) -> None:
    (job_id,) = shared_server.submit(kind=kind)
    shared_server.claim("bot-a", kind=kind)
    body = {"bot_id": "bot-a", "attempt": 1}
    path = f"/api/jobs/{job_id}/release"
    answers = [shared_server.client.post(path, json=body) for _ in range(2)]
    assert [answer.json()["already"] for answer in answers] == [False, True]
    job = shared_server.claim("bot-b", kind=kind)
    assert job is not None
    assert job["attempt"] == 2
    assert shared_server.client.post(path, json={**body, "attempt": 2}).status_code == 409
    assert shared_server.complete(job_id, "bot-a", 1).status_code == 409


def test_a_repeated_claim_request_returns_the_same_job(shared_server: Server, kind: str) -> None:
    shared_server.submit(kind=kind, count=3)
    first = shared_server.claim("bot-a", kind=kind, request_id="r1")
    assert shared_server.claim("bot-a", kind=kind, request_id="r1") == first
    other = shared_server.claim("bot-b", kind=kind, request_id="r1")
    assert first is not None
    assert other is not None
    assert other["id"] != first["id"]


def test_a_bot_that_asks_anew_hands_back_what_it_held(shared_server: Server, kind: str) -> None:
    shared_server.submit(kind=kind, count=2)
    first = shared_server.claim("bot-a", kind=kind)
    second = shared_server.claim("bot-a", kind=kind)
    assert first is not None
    assert second is not None
    assert shared_server.job(first["id"])["status"] == "pending"
    assert shared_server.job(first["id"])["assignments"][0]["outcome"] == "abandoned"
    assert shared_server.consistency()["consistent"]


def test_jobs_of_a_kind_are_listed_counted_and_deleted(shared_server: Server, kind: str) -> None:
    shared_server.submit(kind=kind, count=3)
    shared_server.claim("bot-a", kind=kind)
    query = {"kind": kind, "status": "pending", "limit": "1"}
    assert len(shared_server.client.get("/api/jobs", params=query).json()["jobs"]) == 1
    counts = shared_server.client.get("/api/stats", params={"kind": kind}).json()["jobs"]
    assert (counts["pending"], counts["assigned"], counts["total"]) == (2, 1, 3)
    gone = shared_server.client.delete("/api/jobs", params={"kind": kind}, headers=ADMIN)
    assert gone.json() == {"deleted": 3}
    assert shared_server.consistency()["consistent"]


def test_metrics_tell_what_happened(shared_server: Server, kind: str) -> None:
    shared_server.submit(kind=kind)
    shared_server.claim("bot-a", kind=kind)
    text = shared_server.client.get("/metrics").text
    for needed in (
        'proving_ground_requests_total{route="POST /api/jobs/claim",status="200"}',
        'proving_ground_claims_total{result="given"}',
        "proving_ground_request_seconds_bucket",
        'proving_ground_cleanup_repairs_total{kind="dead_bots"}',
        'proving_ground_heartbeat_age_seconds{of="housekeeping"}',
        "proving_ground_start_time_seconds",
        'proving_ground_database_connections{state="open"}',
        'proving_ground_jobs{status="pending"}',
    ):
        assert needed in text


async def race(url: str, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """Post every claim at one instant, each over a connection of its own."""
    async with httpx.AsyncClient(
        base_url=url, timeout=20, limits=httpx.Limits(max_connections=len(bodies))
    ) as client:
        start = asyncio.Event()

        async def one(body: dict[str, Any]) -> httpx.Response:
            await start.wait()
            return await client.post("/api/jobs/claim", json=body)

        tasks = [asyncio.create_task(one(body)) for body in bodies]
        await asyncio.sleep(0)
        start.set()
        return await asyncio.gather(*tasks)


def test_fifty_claims_of_one_job_have_one_winner(shared_server: Server, kind: str) -> None:
    for n in range(3):
        (job_id,) = shared_server.submit(kind=kind)
        bodies = [{"bot_id": f"racer-{n}-{i}", "job_id": job_id} for i in range(50)]
        answers = asyncio.run(race(shared_server.url, bodies))
        assert sorted(answer.status_code for answer in answers) == [200] + [204] * 49


def test_fifty_claims_of_fifty_jobs_get_one_each(shared_server: Server, kind: str) -> None:
    ids = shared_server.submit(kind=kind, count=50)
    bodies = [{"bot_id": f"each-{i}", "kind": kind} for i in range(50)]
    answers = asyncio.run(race(shared_server.url, bodies))
    assert sorted(answer.json()["job"]["id"] for answer in answers) == sorted(ids)


def test_one_request_sent_ten_times_at_once_gets_one_job(shared_server: Server, kind: str) -> None:
    shared_server.submit(kind=kind, count=10)
    body = {"bot_id": "impatient", "kind": kind, "request_id": "same"}
    answers = asyncio.run(race(shared_server.url, [body] * 10))
    assert len({answer.json()["job"]["id"] for answer in answers}) == 1
    query = {"kind": kind, "status": "assigned"}
    assert len(shared_server.client.get("/api/jobs", params=query).json()["jobs"]) == 1


def test_a_server_that_is_told_to_stop_exits_0(start_server: StartServer) -> None:
    assert start_server().program.stop() == 0
