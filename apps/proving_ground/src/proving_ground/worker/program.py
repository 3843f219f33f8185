"""Run one worker until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any

from proving_ground.database import Database
from proving_ground.database_address import checked_dsn
from proving_ground.program_log import log_to_stderr, warn_of_canaries
from proving_ground.serving import loop_factory
from proving_ground.usage import UsageError
from proving_ground.worker.canaries import CANARIES
from proving_ground.worker.inference import InferenceService
from proving_ground.worker.memory import limit_memory
from proving_ground.worker.metrics import WorkerMetrics
from proving_ground.worker.settings import WorkerSettings
from proving_ground.worker.tasks import TaskService

_LOG = logging.getLogger(__name__)
_CONNECTIONS_OWN = 3
_STOP_S = 2.0


def run_worker(settings: WorkerSettings) -> int:
    """Work until SIGTERM or SIGINT; return the exit status.

    Both let it finish what it has in hand. After SIGINT it does not wait for others to learn that
    it is going: so the hive stops its workers when all of it goes.

    Raises ``UsageError`` when there is neither a database nor a port, or an unreadable address.
    """
    if settings.database_url is None and settings.port is None:
        raise UsageError("--database-url for tasks, --port for inference, or both are needed")
    if settings.database_url is not None:
        checked_dsn(settings.database_url)
    log_to_stderr()
    warn_of_canaries(settings.canaries, CANARIES)
    if settings.memory_limit_bytes is not None:
        limit_memory(settings.memory_limit_bytes)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(_run(settings))


async def _run(settings: WorkerSettings) -> int:
    metrics = WorkerMetrics()
    database = _database(settings)
    services: list[TaskService | InferenceService] = []
    if database is not None:
        services.append(TaskService(settings, database, metrics))
    if settings.port is not None:
        services.append(InferenceService(settings, metrics))
    loop = asyncio.get_running_loop()
    told: asyncio.Future[signal.Signals] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _tell, told, number)
    running = [asyncio.create_task(service.run()) for service in services]
    watched: list[asyncio.Future[Any]] = [told, *running]
    await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
    failed = [task for task in running if task.done()]
    if told.done():
        _LOG.info("told to stop, finishing what is in hand")
        alone = told.result() is signal.SIGTERM
        await asyncio.gather(*(service.drain(alone=alone) for service in services))
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=_STOP_S)
    if database is not None:
        await database.close()
    for task in failed:
        task.result()
    return 0


def _tell(told: asyncio.Future[signal.Signals], number: signal.Signals) -> None:
    if not told.done():
        told.set_result(number)


def _database(settings: WorkerSettings) -> Database | None:
    if settings.database_url is None:
        return None
    return Database(
        settings.database_url,
        timeout_s=settings.database_timeout_s,
        connections_max=_CONNECTIONS_OWN + settings.concurrency,
        canaries=settings.canaries,
    )
