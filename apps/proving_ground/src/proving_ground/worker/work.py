"""What each type of task does."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

import httpx

from proving_ground.worker.canaries import (
    COMPLETES_WITHOUT_WORKING,
    RETRIES_WITHOUT_IDEMPOTENCY,
)
from proving_ground.worker.claims import Claimed
from proving_ground.worker.settings import WorkerSettings


class WorkFailed(Exception):
    """The task did not succeed; it may be tried again."""


async def work(settings: WorkerSettings, task: Claimed) -> Mapping[str, Any]:
    """Do the task and return its result; raises ``WorkFailed``."""
    if task.type == "delay":
        return await _delay(settings, float(task.payload["seconds"]))
    if task.type == "inference":
        await asyncio.sleep(settings.inference_s)
        digest = hashlib.sha256(str(task.payload["prompt"]).encode()).hexdigest()
        return {"text": digest[:16]}
    if task.type == "failing":
        raise WorkFailed(str(task.payload.get("message") or "it always fails"))
    if task.type == "flaky":
        if task.attempt <= task.payload["failures"]:
            raise WorkFailed(f"attempt {task.attempt} of one that fails the first times")
        return {"attempts": task.attempt}
    if task.type == "webhook":
        return await _webhook(settings, task)
    raise WorkFailed(f"unknown type {task.type!r}")


async def _delay(settings: WorkerSettings, seconds: float) -> Mapping[str, Any]:
    if COMPLETES_WITHOUT_WORKING not in settings.canaries:
        await asyncio.sleep(seconds)
    return {"slept_s": seconds}


async def _webhook(settings: WorkerSettings, task: Claimed) -> Mapping[str, Any]:
    """Post once; the key lets the receiver tell a repetition, whose first answer was lost."""
    key = task.id
    if RETRIES_WITHOUT_IDEMPOTENCY in settings.canaries:
        key = f"{task.id}-{task.attempt}"
    body = {"task_id": task.id, "body": task.payload.get("body")}
    try:
        async with httpx.AsyncClient(timeout=settings.webhook_timeout_s) as client:
            answer = await client.post(
                task.payload["url"], json=body, headers={"Idempotency-Key": key}
            )
    except httpx.HTTPError as error:
        raise WorkFailed(f"{type(error).__name__}: {error}") from None
    if answer.status_code >= 300:
        raise WorkFailed(f"answered {answer.status_code}")
    return {"status": answer.status_code}
