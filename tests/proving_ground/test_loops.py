"""What keeps the programs' loops going, and how a worker's ends; without a network."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import pytest

from proving_ground.database import Database
from proving_ground.database_reach import DatabaseReach
from proving_ground.database_trouble import UNAVAILABLE, DatabaseTrouble
from proving_ground.supervised import supervised
from proving_ground.worker import claims
from proving_ground.worker.metrics import WorkerMetrics
from proving_ground.worker.settings import WorkerSettings
from proving_ground.worker.tasks import TaskService
from tests.virtual_time import virtually

ROW = {"id": "t", "type": "delay", "payload": {"seconds": 600}, "attempt": 1, "max_attempts": 3}


@virtually
async def test_a_loop_that_fails_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    runs = 0

    async def loop() -> None:
        nonlocal runs
        runs += 1
        if runs < 3:
            raise KeyError("nobody expected this")

    await supervised("counting", loop)
    assert runs == 3
    assert caplog.text.count("the loop counting failed") == 2


@virtually
async def test_each_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def down() -> None:
        raise DatabaseTrouble(UNAVAILABLE, "refused")

    async def up() -> None:
        return

    caplog.set_level(logging.INFO)
    reach = DatabaseReach("the round")
    assert [await reach.attempt(ask) for ask in (down, down, up, up)] == [False, False, True, True]
    assert [record.getMessage() for record in caplog.records] == [
        f"the round cannot work: {UNAVAILABLE}: refused",
        f"the round works again after {UNAVAILABLE}",
    ]


class Queue:
    """Answers like the database; its one task is given when ``give`` is set."""

    def __init__(self) -> None:
        self.give = asyncio.Event()
        self.given = False
        self.handed_back: list[str] = []
        self.states: list[str] = []

    async def fetch(self, query: str, parameters: Any = None) -> list[dict[str, Any]]:
        if query == claims._CLAIM and not self.given:
            await self.give.wait()
            self.given = True
            return [ROW]
        if query == claims._HAND_BACK:
            self.handed_back.append(parameters["id"])
        if query == claims._BEAT:
            await asyncio.sleep(0.01)
            self.states.append(parameters["state"])
            return [{"id": one} for one in parameters["ids"]]
        return []


@virtually
async def test_what_is_being_claimed_when_a_worker_is_told_to_stop_goes_back() -> None:
    queue = Queue()
    settings = WorkerSettings(name="w", database_url="x", grace_s=1.0)
    service = TaskService(settings, cast("Database", queue), WorkerMetrics())
    running = asyncio.create_task(service.run())
    await asyncio.sleep(1.0)
    draining = asyncio.create_task(service.drain(alone=True))
    await asyncio.sleep(0.5)
    queue.give.set()
    await draining
    await asyncio.sleep(5.0)
    running.cancel()
    await asyncio.wait([running])
    assert queue.handed_back == ["t"]
    assert queue.states[-1] == "stopped"
    assert queue.states.count("stopped") == 1
