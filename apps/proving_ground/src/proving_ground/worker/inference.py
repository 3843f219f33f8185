"""Inference at a worker."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any, LiteralString

import uvicorn
from prometheus_client import Counter, Gauge
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proving_ground.database import Database
from proving_ground.database_trouble import DatabaseTrouble
from proving_ground.error_answer import error
from proving_ground.metrics_page import metrics_page
from proving_ground.request_body import BadRequest, Body
from proving_ground.scratch_memory import scratch_memory
from proving_ground.worker.inference_canaries import (
    DRAIN_DROPS_REQUESTS,
    HEARTBEATS_END_WITHOUT_MEMORY,
    INFERENCE_NOT_IDEMPOTENT,
    WORKER_CRASH_ON_MEMORY,
)
from proving_ground.worker.metrics import PREFIX, WorkerMetrics
from proving_ground.worker.registration import Registration
from proving_ground.worker.settings import WorkerSettings

_LOG = logging.getLogger(__name__)
_LINGER_S = 0.8
_SLOTS = 32
_QUEUE_MAX = 128
_ROUNDS_OF_HASHING = 1000
_SCRATCH_BYTES_PER_TOKEN = 16 * 1024
TOKENS_MAX = 4096
EXIT_MEMORY = 70

_STORED: LiteralString = "SELECT worker, answer FROM inferences WHERE request_id = %(id)s"
_RECORD: LiteralString = """
INSERT INTO inferences (request_id, worker, answer, delivery)
VALUES (%(id)s, %(worker)s, %(answer)s, %(delivery)s)
ON CONFLICT (request_id) DO UPDATE SET executed = inferences.executed
    + CASE WHEN inferences.delivery = excluded.delivery THEN 0 ELSE 1 END
RETURNING worker, answer"""


class _AskerGone(Exception):
    """Nobody waits for the answer any more: whoever asked may have gone to another worker."""


class _QuietServer(uvicorn.Server):
    """A server inside a program that has its own way to hear signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class InferenceService:
    """Registers at the hive, sends heartbeats and serves ``POST /infer`` on its port."""

    def __init__(self, settings: WorkerSettings, metrics: WorkerMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._database = (
            Database(
                settings.database_url,
                timeout_s=settings.database_timeout_s,
                connections_max=8,
                canaries=settings.canaries,
            )
            if settings.database_url
            else None
        )
        self._slots = asyncio.Semaphore(_SLOTS)
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False
        self._heard_s = 0.0
        self._server: _QuietServer | None = None
        self._registration: Registration | None = None
        self._answers = Counter(
            PREFIX + "inferences", "Answers by status", ["status"], registry=metrics.registry
        )
        Gauge(
            PREFIX + "inferences_in_hand", "Requests in hand", registry=metrics.registry
        ).set_function(lambda: self._in_hand)

    async def run(self) -> None:
        """Serve until cancelled."""
        port = self._settings.port
        assert port is not None
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self._settings.host, port))
        listener.listen(1024)
        config = uvicorn.Config(
            Starlette(routes=self._routes()),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        self._server = _QuietServer(config)
        serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="inference")
        registering = asyncio.create_task(self._register(port), name="registration")
        try:
            await asyncio.gather(serving, registering)
        finally:
            registering.cancel()
            self._server.should_exit = True
            await asyncio.wait([serving, registering], timeout=2.0)
            if self._database is not None:
                await self._database.close()

    async def drain(self, *, alone: bool) -> None:
        """Take nothing new, and finish what is in hand.

        *alone*, it goes on refusing until requests have ceased: whoever routes them learns a moment
        later that this worker is going, and a connection closed meanwhile is a lost request.
        """
        self._draining = True
        if DRAIN_DROPS_REQUESTS in self._settings.canaries:
            os._exit(0)
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + self._settings.grace_s
        self._heard_s = loop.time()
        while alone and loop.time() < min(deadline_s, self._heard_s + _LINGER_S):
            until_s = min(deadline_s, self._heard_s + _LINGER_S)
            await asyncio.sleep(max(0.0, until_s - loop.time()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), max(0.0, deadline_s - loop.time()))

    async def _register(self, port: int) -> None:
        if self._settings.hive_url:
            self._registration = Registration(self._settings, port)
            await self._registration.run()

    def _routes(self) -> list[Route]:
        return [
            Route("/infer", self._infer, methods=["POST"]),
            Route("/health", self._health, methods=["GET"]),
            Route("/metrics", self._exposition, methods=["GET"]),
        ]

    async def _health(self, _request: Request) -> Response:
        document = {
            "status": "draining" if self._draining else "healthy",
            "name": self._settings.name,
            "pid": os.getpid(),
            "in_hand": self._in_hand,
        }
        return JSONResponse(document, 503 if self._draining else 200)

    async def _exposition(self, _request: Request) -> Response:
        return metrics_page(self._metrics.registry)

    async def _infer(self, request: Request) -> Response:
        if self._draining:
            self._heard_s = asyncio.get_running_loop().time()
            return self._refused(503, "draining", "this worker is going away")
        if self._in_hand >= _QUEUE_MAX:
            return self._refused(503, "queue-full", f"{_QUEUE_MAX} requests are in hand")
        self._in_hand += 1
        self._idle.clear()
        try:
            answer = JSONResponse(await self._answer(await Body.of(request), request))
        except BadRequest as problem:
            return self._refused(400, "bad-request", str(problem))
        except DatabaseTrouble as trouble:
            return self._refused(503, trouble.code, trouble.detail)
        except MemoryError:
            if WORKER_CRASH_ON_MEMORY in self._settings.canaries:
                os._exit(EXIT_MEMORY)
            if self._registration is not None:
                self._registration.silent = (
                    HEARTBEATS_END_WITHOUT_MEMORY in self._settings.canaries
                )
            return self._refused(503, "out-of-memory", "this worker has reached its memory limit")
        except (ClientDisconnect, _AskerGone):
            return self._refused(400, "client-gone", "the client has gone")
        finally:
            self._in_hand -= 1
            if not self._in_hand:
                self._idle.set()
        self._answers.labels(200).inc()
        return answer

    def _refused(self, status: int, code: str, detail: str) -> Response:
        self._answers.labels(status).inc()
        return error(status, code, detail)

    async def _answer(self, body: Body, request: Request) -> dict[str, Any]:
        """Return what became of the request: what is stored of it, or of an execution now.

        Each execution is counted; those of one delivery, whose attempts may overlap when a worker
        is slow, are one. Raises ``_AskerGone``.
        """
        request_id, prompt = body.text("request_id"), body.text("prompt")
        delivery = body.text_or_none("delivery") or ""
        tokens = body.number("max_tokens", least=1, most=TOKENS_MAX, otherwise=16)
        async with self._slots:
            await _still_asked(request)
            stored = await self._stored(request_id)
            if stored is None:
                answer = await self._execute(prompt, tokens)
                await _still_asked(request)
                stored = await self._record(request_id, delivery, answer)
        worker, answer = stored
        return {"text": answer, "worker": worker, "request_id": request_id}

    async def _execute(self, prompt: str, tokens: int) -> str:
        """Spend what an inference costs: memory, a little computing, and time."""
        with scratch_memory(tokens * _SCRATCH_BYTES_PER_TOKEN) as scratch:
            digest = hashlib.pbkdf2_hmac("sha256", prompt.encode(), b"model", _ROUNDS_OF_HASHING)
            scratch[: len(digest)] = digest
            await asyncio.sleep(self._settings.inference_s)
            return scratch[: len(digest)].hex()[: 2 * tokens]

    async def _stored(self, request_id: str) -> tuple[str, str] | None:
        """Return what became of the same request before, if anything did."""
        if self._database is None or INFERENCE_NOT_IDEMPOTENT in self._settings.canaries:
            return None
        rows = await self._database.fetch(_STORED, {"id": request_id})
        return (rows[0]["worker"], rows[0]["answer"]) if rows else None

    async def _record(self, request_id: str, delivery: str, answer: str) -> tuple[str, str]:
        """Count an execution, and keep the answer of the first; return what is kept."""
        if self._database is None:
            return self._settings.name, answer
        parameters = {
            "id": request_id,
            "worker": self._settings.name,
            "answer": answer,
            "delivery": delivery,
        }
        rows = await self._database.fetch(_RECORD, parameters)
        return rows[0]["worker"], rows[0]["answer"]


async def _still_asked(request: Request) -> None:
    """Raise ``_AskerGone`` when the asker has closed the connection."""
    if await request.is_disconnected():
        raise _AskerGone
