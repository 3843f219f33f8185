from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proving_ground.conftest import StartServer
from tests.proving_ground.programs import Postgres, Program, free_port, running_server
from tests.proving_ground.wait import wait_for

pytestmark = pytest.mark.integration

StartBot = Callable[..., Program]


@pytest.fixture
def start_bot(tmp_path: Path) -> Iterator[StartBot]:
    bots: list[Program] = []

    def start(url: str, *arguments: str) -> Program:
        name = f"bot-{len(bots) + 1}"
        log = tmp_path / f"{name}.log"
        bots.append(Program(log, "bot", "--server", url, "--name", name, *arguments))
        return bots[-1]

    yield start
    for bot in bots:
        bot.end()


def test_bots_do_the_work_of_their_kinds(start_server: StartServer, start_bot: StartBot) -> None:
    server = start_server()
    server.submit(count=6, work_ms=20)
    server.submit(count=2, kind="other")
    server.submit(count=1, kind="foreign")
    for _ in range(2):
        start_bot(server.url, "--kinds", "default,other", "--heartbeat", "100ms")
    wait_for(
        lambda: server.stats()["jobs"]["completed"] == 8, within_s=10, what="the jobs are done"
    )
    assert server.stats()["jobs"]["pending"] == 1
    assert server.stats()["completions"] == {"rows": 8, "jobs": 8}


def test_a_working_bot_outlives_the_bot_timeout(
    start_server: StartServer, start_bot: StartBot
) -> None:
    server = start_server("--cleanup-every", "50ms", "--bot-timeout", "400ms")
    (job_id,) = server.submit(work_ms=1000)
    start_bot(server.url, "--heartbeat", "100ms")
    wait_for(lambda: server.job(job_id)["status"] == "completed", within_s=10, what="completion")
    assert server.job(job_id)["attempt"] == 1


def test_a_told_bot_hands_its_job_back_and_exits_0(
    start_server: StartServer, start_bot: StartBot
) -> None:
    server = start_server()
    (job_id,) = server.submit(work_ms=60_000)
    bot = start_bot(server.url)
    wait_for(lambda: server.job(job_id)["status"] == "assigned", within_s=10, what="the claim")
    assert bot.stop(signal.SIGTERM, within_s=5) == 0
    job = server.job(job_id)
    assert (job["status"], job["assignments"][0]["outcome"]) == ("pending", "released")


def test_the_job_of_a_killed_bot_is_done_by_another(
    start_server: StartServer, start_bot: StartBot
) -> None:
    server = start_server("--cleanup-every", "100ms", "--bot-timeout", "500ms")
    (job_id,) = server.submit(work_ms=400)
    bot = start_bot(server.url, "--heartbeat", "100ms")
    wait_for(lambda: server.job(job_id)["status"] == "assigned", within_s=10, what="the claim")
    bot.stop(signal.SIGKILL)
    start_bot(server.url, "--heartbeat", "100ms")
    wait_for(lambda: server.job(job_id)["status"] == "completed", within_s=10, what="completion")
    job = server.job(job_id)
    assert (job["attempt"], job["completions"]) == (2, 1)


def test_a_bot_survives_the_loss_of_server_and_database(
    postgres: Postgres, start_bot: StartBot, tmp_path: Path
) -> None:
    port = free_port()
    bot = start_bot(f"http://127.0.0.1:{port}", "--heartbeat", "100ms")
    with running_server(postgres, tmp_path, port=port) as server:
        first, second = server.submit(count=2, work_ms=100)
        wait_for(
            lambda: server.job(first)["status"] == "completed", within_s=10, what="the first job"
        )
        database = server.database
    postgres.stop()
    postgres.start()
    with running_server(postgres, tmp_path, port=port, database=database) as server:
        wait_for(
            lambda: server.job(second)["status"] == "completed", within_s=10, what="the second job"
        )
        assert server.stats()["completions"] == {"rows": 2, "jobs": 2}
        assert bot.stop(signal.SIGTERM) == 0


def test_a_bot_without_a_server_stops_when_told(start_bot: StartBot) -> None:
    bot = start_bot(f"http://127.0.0.1:{free_port()}")
    wait_for(lambda: "again within" in bot.text(), within_s=10, what="the bot tries")
    assert bot.stop(signal.SIGTERM, within_s=5) == 0
