"""The application: one task that works a while, and leaves evidence of its own in a file.

The evidence does not pass through Redis, so that faults that hit the broker do not hit what judges
the queue: a line appended to a file outlives the process that wrote it.
"""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

from celery import Celery

EVIDENCE = Path(os.environ["EVIDENCE"])
WORKER = os.environ.get("WORKER", "worker")


def _is_on(name: str) -> bool:
    return os.environ.get(name, "no") == "yes"


app = Celery("jobs", broker=os.environ["BROKER_URL"], backend=os.environ["BROKER_URL"])
app.conf.update(
    task_ignore_result=not _is_on("RESULTS"),
    task_acks_late=_is_on("ACKS_LATE"),
    task_reject_on_worker_lost=_is_on("REJECT_ON_WORKER_LOST"),
    worker_cancel_long_running_tasks_on_connection_loss=_is_on("CANCEL_ON_CONNECTION_LOSS"),
    broker_transport_options={
        "visibility_timeout": float(os.environ.get("VISIBILITY_TIMEOUT_S", "3600")),
        "unacked_restore_interval": float(os.environ.get("RESTORE_INTERVAL_S", "10")),
        "unacked_restore_throttle": int(os.environ.get("RESTORE_THROTTLE", "10")),
    },
)


def _note(what: str, key: str) -> None:
    line = {"what": what, "key": key, "worker": f"{WORKER}/{os.getpid()}", "at": time.monotonic()}
    descriptor = os.open(EVIDENCE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{json.dumps(line)}\n".encode())
    finally:
        os.close(descriptor)


@app.task(name="work")
def work(key: str, work_ms: int) -> str:
    """Work for *work_ms*; leave a line when it begins, and one when it ends."""
    _note("began", key)
    threading.Event().wait(work_ms / 1000)
    _note("finished", key)
    return key
