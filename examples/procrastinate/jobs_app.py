"""The application: one task that works a while, and keeps evidence of its own about each run.

The evidence goes over a connection of its own, so that faults that hit procrastinate's connections
do not hit what judges procrastinate.
"""

from __future__ import annotations

import asyncio
import os

import psycopg
from procrastinate import App, JobContext, PsycopgConnector

DATABASE_URL = os.environ["DATABASE_URL"]
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "10"))
STALLED_AFTER_S = float(os.environ.get("STALLED_AFTER_S", "30"))
RETRY_STALLED_CRON = os.environ.get("RETRY_STALLED_CRON", "")

EVIDENCE = """
CREATE TABLE executions (
    id bigserial PRIMARY KEY, job_id bigint NOT NULL, key text NOT NULL, attempt int NOT NULL,
    worker text NOT NULL, started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz)
"""
_STARTED = """
INSERT INTO executions (job_id, key, attempt, worker) VALUES (%s, %s, %s, %s) RETURNING id
"""
_FINISHED = """
WITH done AS (UPDATE executions SET finished_at = clock_timestamp() WHERE id = %s)
SELECT pg_notify('done', %s)
"""

app = App(
    connector=PsycopgConnector(
        conninfo=DATABASE_URL,
        kwargs={"application_name": "procrastinate"},
    ),
    worker_defaults={
        "update_heartbeat_interval": HEARTBEAT_S,
        "stalled_worker_timeout": STALLED_AFTER_S,
    },
)


class Evidence:
    """The one connection of this process for evidence."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection | None = None
        self._lock = asyncio.Lock()

    async def write(self, query: str, *values: object) -> tuple[object, ...]:
        """Write, and return the first row."""
        async with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(
                    DATABASE_URL, autocommit=True, application_name="evidence"
                )
            row = await (await self._connection.execute(query.encode(), values)).fetchone()
        return row or ()


evidence = Evidence()


@app.task(name="work", queue="work", pass_context=True)
async def work(context: JobContext, *, key: str, work_ms: int) -> None:
    """Work for *work_ms*; leave a row when it begins, and complete the row when it ends."""
    worker = f"{os.environ.get('WORKER', 'worker')}/{os.getpid()}"
    number, *_ = await evidence.write(_STARTED, context.job.id, key, context.job.attempts, worker)
    await asyncio.sleep(work_ms / 1000)
    await evidence.write(_FINISHED, number, key)


if RETRY_STALLED_CRON:
    # What procrastinate's documentation gives for jobs whose worker died ("Retry stalled jobs").
    @app.periodic(cron=RETRY_STALLED_CRON)
    @app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
    async def retry_stalled_jobs(_context: JobContext, timestamp: int) -> None:
        """Put the jobs of workers without a heartbeat back."""
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER_S)
        for job in stalled:
            await app.job_manager.retry_job(job)
