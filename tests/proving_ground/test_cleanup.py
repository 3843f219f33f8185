from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proving_ground.conftest import StartServer
from tests.proving_ground.programs import Postgres, Server, running_server
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration

# The background round stays out of the way: what is counted is what the test asked for.
ON_DEMAND = ("--cleanup-every", "1h", "--bot-timeout", "1m")


@pytest.fixture(scope="module")
def one_server(
    postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    postgres_server.start()
    with running_server(
        postgres_server, tmp_path_factory.mktemp("server"), *ON_DEMAND
    ) as running:
        yield running


@pytest.fixture
def server(one_server: Server) -> Iterator[Server]:
    """The server without bots and jobs of another test."""
    yield one_server
    one_server.sql("TRUNCATE bots, jobs, assignments, completions")


def test_a_consistent_system_needs_no_repair(server: Server) -> None:
    server.submit(count=3)
    for n in range(3):
        job = server.claim(f"bot-{n}")
        assert job is not None
        if n:
            server.complete(job["id"], f"bot-{n}", 1)
    assert server.consistency() == {
        "consistent": True,
        "orphaned_bots": [],
        "duplicate_assignments": [],
        "stuck_jobs": [],
    }
    assert server.clean_up() == {}


def test_an_orphaned_bot_is_freed(server: Server) -> None:
    (job_id,) = server.submit()
    server.sql(
        "INSERT INTO bots (id, name, current_job_id) VALUES ('gone', 'x', 'no-such-job'),"
        " ('early', 'x', %s)",
        job_id,
    )
    found = server.consistency()
    assert sorted(found["orphaned_bots"], key=lambda bot: bot["id"]) == [
        {"id": "early", "current_job_id": job_id},
        {"id": "gone", "current_job_id": "no-such-job"},
    ]
    assert server.clean_up() == {"orphaned_bots": 2}
    assert server.consistency()["consistent"]


def test_of_duplicate_holders_only_the_owner_keeps_the_job(server: Server) -> None:
    (job_id,) = server.submit()
    server.claim("owner")
    server.sql(
        "INSERT INTO bots (id, name, current_job_id) VALUES ('a', 'x', %s), ('b', 'x', %s)",
        job_id,
        job_id,
    )
    (group,) = server.consistency()["duplicate_assignments"]
    assert group == {"current_job_id": job_id, "bot_ids": ["a", "b", "owner"]}
    assert server.clean_up() == {"duplicate_assignments": 2}
    assert server.consistency()["consistent"]
    assert server.sql("SELECT id FROM bots WHERE current_job_id IS NOT NULL") == [("owner",)]
    assert server.complete(job_id, "owner", 1).status_code == 200


def test_a_stuck_pending_job_becomes_claimable(server: Server) -> None:
    by_bot, by_time = server.submit(count=2)
    server.sql("UPDATE jobs SET bot_id = 'ghost' WHERE id = %s", by_bot)
    server.sql("UPDATE jobs SET claimed_at = now() WHERE id = %s", by_time)
    assert server.claim("bot") is None
    assert {job["id"] for job in server.consistency()["stuck_jobs"]} == {by_bot, by_time}
    assert server.clean_up() == {"stuck_pending_jobs": 2}
    assert server.claim("bot") is not None


def test_an_assigned_job_that_nobody_holds_goes_back(server: Server) -> None:
    missing, other, nobody = server.submit(count=3)
    server.client.post("/api/bots/idle/heartbeat")
    server.sql("UPDATE jobs SET status = 'assigned', bot_id = 'missing' WHERE id = %s", missing)
    server.sql("UPDATE jobs SET status = 'assigned', bot_id = 'idle' WHERE id = %s", other)
    server.sql("UPDATE jobs SET status = 'assigned' WHERE id = %s", nobody)
    assert len(server.consistency()["stuck_jobs"]) == 3
    assert server.clean_up() == {"unheld_jobs": 3}
    assert server.consistency()["consistent"]
    assert server.stats()["jobs"]["pending"] == 3


def test_the_job_of_a_silent_bot_goes_back(start_server: StartServer) -> None:
    server = start_server("--cleanup-every", "1h", "--bot-timeout", "300ms")
    (job_id,) = server.submit()
    server.claim("silent")
    repaired = wait_for(server.clean_up, within_s=5, what="the silent bot is noticed")
    assert repaired == {"dead_bots": 1}
    job = server.job(job_id)
    assert (job["status"], job["bot_id"]) == ("pending", None)
    assert job["assignments"][0]["outcome"] == "lost"
    again = server.claim("next")
    assert again is not None
    assert again["attempt"] == 2
    assert server.complete(job_id, "silent", 1).status_code == 409
    assert server.complete(job_id, "next", 2).status_code == 200


def test_cleanup_runs_by_itself(start_server: StartServer) -> None:
    server = start_server("--cleanup-every", "100ms", "--bot-timeout", "300ms")
    (job_id,) = server.submit()
    server.claim("silent")
    server.sql("INSERT INTO bots (id, name, current_job_id) VALUES ('gone', 'x', 'no-such-job')")
    wait_for(
        lambda: server.job(job_id)["status"] == "pending", within_s=5, what="the job goes back"
    )
    wait_for(lambda: server.consistency()["consistent"], within_s=5, what="consistency returns")
