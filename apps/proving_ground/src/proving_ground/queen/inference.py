"""Inference at the queen: let in what there is room for, and have a worker do it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import secrets
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

from prometheus_client import Counter, Gauge
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proving_ground.descriptors import open_descriptors, short_of_descriptors
from proving_ground.queen.inference_canaries import (
    ANSWERS_SWAPPED,
    CLOSED_AFTER_A_REFUSAL,
    CRASH_ON_CONNECTION_FLOOD,
    DESCRIPTOR_LEAK,
    FLAKY_INFERENCE,
    HIVE_NEEDED_FOR_EVERY_REQUEST,
    INFERENCE_STOPS_ONCE,
    LINGERING_INFERENCE,
    LOST_CONNECTION_NOT_RETRIED,
    NO_INFERENCE_TIMEOUT,
    PLACE_LOST_WITH_THE_CLIENT,
    QUEEN_HANGS_WITHOUT_DESCRIPTORS,
    QUEUE_NEVER_DRAINS,
    REFUSED_LATE,
    SLOW_INFERENCE,
    UNBOUNDED_QUEUE,
    WORKER_FAILURE_IS_500,
)
from proving_ground.queen.inference_wire import Wire, WireLost
from proving_ground.queen.inference_workers import KnownWorker, KnownWorkers
from proving_ground.queen.metrics import PREFIX, QueenMetrics
from proving_ground.queen.settings import QueenSettings
from proving_ground.request_body import BadRequest, Body

TOKENS_MAX = 4096
_SLOTS = 96
_ATTEMPTS_MAX = 4
_ATTEMPT_TIMEOUT_S = 2.0
_FOREVER_S = 3600.0
_BACKOFF_S = 0.02
_RESERVE = 8
_FLAKY_EVERY = 7
_SWAPPED_EVERY = 20
_SLOW_S = 2.5
_LINGERING_S = 0.4
_FLOOD = 500
_LEAK = 4
_REFUSED_LATE_S = 8.0
_CLOSED_S = 5.0
_STOPS_AFTER = 1000
_STOPS_FOR_S = 4.5
EXIT_FLOODED = 70


class NotServed(Exception):
    """The request is answered with ``status``; ``code`` and the text say why."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


class Inference:
    """Routes requests for inference to the workers that the hive knows.

    A request that a worker does not answer goes to another with the same ``request_id``, by which
    workers know what is done already. It waits in a bounded queue, and no longer than its time.
    """

    def __init__(
        self,
        settings: QueenSettings,
        metrics: QueenMetrics,
        *,
        wire: Wire | None = None,
    ) -> None:
        self._settings = settings
        self._canaries = settings.canaries
        self._wire = wire or Wire()
        self.workers = KnownWorkers(
            self._wire,
            settings.hive_url or "http://127.0.0.1:1",
            every_s=settings.hive_cache_s,
            canaries=settings.canaries,
            draws=random.Random(secrets.randbits(64)),
        )
        self._slots = asyncio.Semaphore(_SLOTS)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._inside = 0
        self._served = 0
        self._answered = 0
        self._closed_until_s = 0.0
        self._goes_on_at_s: float | None = None
        self._before: Mapping[str, Any] = {}
        self._leaked: list[int] = []
        self._observe(metrics)

    def _observe(self, metrics: QueenMetrics) -> None:
        own = metrics.registry
        self._results = Counter(
            PREFIX + "inferences", "Requests for inference by result", ["result"], registry=own
        )
        self._retries = Counter(
            PREFIX + "inference_retries", "Attempts after the first, by reason", ["reason"],
            registry=own,
        )  # fmt: skip
        self._retries.labels("lost")
        Gauge(PREFIX + "inferences_inside", "Requests in work or waiting", registry=own
        ).set_function(lambda: self._inside)  # fmt: skip
        Gauge(PREFIX + "hive_asked", "How often the hive was asked so far", registry=own
        ).set_function(lambda: self.workers.asked)  # fmt: skip
        Gauge(PREFIX + "hive_reachable", "1 when the hive answered last time", registry=own
        ).set_function(lambda: self.workers.reachable)  # fmt: skip
        Gauge(PREFIX + "inference_workers", "Workers that inference can go to", registry=own
        ).set_function(lambda: len(self.workers))  # fmt: skip
        Gauge(PREFIX + "open_descriptors", "Descriptors that the queen has open", registry=own
        ).set_function(open_descriptors)  # fmt: skip

    def routes(self) -> list[Route]:
        """Return what the queen serves about inference."""
        return [Route("/v1/inference", self._infer, methods=["POST"])]

    async def run(self) -> None:
        """Keep what is known about the workers fresh, until cancelled."""
        try:
            if self._settings.hive_url:
                await self.workers.run()
            await asyncio.Event().wait()
        finally:
            self._wire.close()

    async def _infer(self, request: Request) -> Response:
        try:
            answer = await self.admitted(await Body.of(request))
        except NotServed as why:
            self._results.labels(why.code).inc()
            return _refusal(why)
        if PLACE_LOST_WITH_THE_CLIENT in self._canaries and await request.is_disconnected():
            self._inside += 1
        if ANSWERS_SWAPPED in self._canaries:
            answer = self._perhaps_swapped(answer)
        self._results.labels("served").inc()
        return JSONResponse(answer)

    async def admitted(self, body: Body) -> Mapping[str, Any]:
        """Answer the request if there is room for it; raises ``NotServed``."""
        request_id = body.text_or_none("request_id") or secrets.token_hex(12)
        wanted = {
            "prompt": body.text("prompt"),
            "max_tokens": body.number("max_tokens", least=1, most=TOKENS_MAX, otherwise=16),
            "request_id": request_id,
            # All attempts at what came once bear it: they are one execution.
            "delivery": secrets.token_hex(6),
        }
        await self._planted()
        if short_of_descriptors(_RESERVE):
            await self._without_descriptors()
        full = self._inside >= self._settings.inference_queue + _SLOTS
        if full and UNBOUNDED_QUEUE not in self._canaries:
            await self._planted_when_full()
            raise NotServed(503, "queue-full", "too many requests are waiting")
        self._inside += 1
        limit_s = self._settings.inference_timeout_s
        if NO_INFERENCE_TIMEOUT in self._canaries:
            limit_s = _FOREVER_S
        try:
            # One that is repeated before it was answered waits, and then finds what is stored.
            turn = self._turns.setdefault(request_id, asyncio.Lock())
            async with asyncio.timeout(limit_s), turn, self._slots:
                answer = await self._routed(wanted)
        except TimeoutError:
            raise NotServed(504, "inference-timeout", f"no answer within {limit_s:g} s") from None
        finally:
            self._inside -= 1
        return answer

    async def _routed(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Have one worker after another try, until one answers; raises ``NotServed``."""
        loop = asyncio.get_running_loop()
        tried: set[str] = set()
        why = "no worker is ready"
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            if attempt > 1:
                await asyncio.sleep(_BACKOFF_S * 2**attempt)
            worker = self.workers.choose(tried, loop.time())
            if worker is None:
                continue
            status, told, why = await self._attempt(worker, {**wanted, "attempt": attempt})
            if status == 200:
                return told
            if status == 400:
                raise BadRequest(why)
            tried.add(worker.name)
            self.workers.failed(worker, loop.time())
            self._retries.labels("lost" if status == 0 else str(status)).inc()
            if status == 0 and LOST_CONNECTION_NOT_RETRIED in self._canaries:
                break
        status = 500 if WORKER_FAILURE_IS_500 in self._canaries else 503
        raise NotServed(status, "no-worker-could", why)

    async def _attempt(
        self, worker: KnownWorker, wanted: Mapping[str, Any]
    ) -> tuple[int, Mapping[str, Any], str]:
        """Ask one worker; return status (0: lost), what it told, and what was wrong."""
        limit_s = _FOREVER_S if NO_INFERENCE_TIMEOUT in self._canaries else _ATTEMPT_TIMEOUT_S
        body = json.dumps(wanted).encode()
        worker.in_flight += 1
        try:
            async with asyncio.timeout(limit_s):
                status, raw = await self._wire.ask("POST", worker.host, worker.port, "/infer", body)
            told = json.loads(raw)
        except TimeoutError:
            return 0, {}, f"{worker.name} did not answer within {limit_s:g} s"
        except (WireLost, ValueError) as error:
            return 0, {}, f"{worker.name}: {error}"
        finally:
            worker.in_flight -= 1
        return status, told, "" if status == 200 else f"{worker.name}: {told.get('error')}"

    async def _without_descriptors(self) -> None:
        """Refuse, so that the connection is closed and gives its descriptor back."""
        if QUEEN_HANGS_WITHOUT_DESCRIPTORS in self._canaries:
            while short_of_descriptors(_RESERVE):
                await asyncio.sleep(0.1)
        raise NotServed(503, "out-of-descriptors", "no more connections can be served")

    def _perhaps_swapped(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the planted defect answers: now and then what another had asked for."""
        self._answered += 1
        self._before, before = answer, self._before
        return answer if self._answered % _SWAPPED_EVERY else before

    async def _planted_when_full(self) -> None:
        """Do what the planted defects of a refusal do."""
        if QUEUE_NEVER_DRAINS in self._canaries:
            self._inside += 1
        if CLOSED_AFTER_A_REFUSAL in self._canaries and not self._closed():
            self._closed_until_s = asyncio.get_running_loop().time() + _CLOSED_S
        if REFUSED_LATE in self._canaries:
            await asyncio.sleep(_REFUSED_LATE_S)

    def _closed(self) -> bool:
        return asyncio.get_running_loop().time() < self._closed_until_s

    async def _stop_once(self) -> None:
        """Let everybody wait for the same moment, once."""
        now_s = asyncio.get_running_loop().time()
        if self._goes_on_at_s is None and self._served >= _STOPS_AFTER:
            self._goes_on_at_s = now_s + _STOPS_FOR_S
        if self._goes_on_at_s is not None:
            await asyncio.sleep(max(0.0, self._goes_on_at_s - now_s))

    async def _planted(self) -> None:
        """Do what the planted defects of every request do."""
        if not self._canaries:
            return
        self._served += 1
        if DESCRIPTOR_LEAK in self._canaries:
            with contextlib.suppress(OSError):
                self._leaked += [os.open(os.devnull, os.O_RDONLY) for _ in range(_LEAK)]
        if CRASH_ON_CONNECTION_FLOOD in self._canaries and open_descriptors() > _FLOOD:
            os._exit(EXIT_FLOODED)
        if HIVE_NEEDED_FOR_EVERY_REQUEST in self._canaries and not self.workers.reachable:
            raise NotServed(503, "hive-out-of-reach", "the hive cannot be asked")
        if FLAKY_INFERENCE in self._canaries and self._served % _FLAKY_EVERY == 0:
            raise NotServed(500, "internal", "something went wrong")
        if self._closed():
            raise NotServed(503, "queue-full", "too many requests were waiting")
        if INFERENCE_STOPS_ONCE in self._canaries:
            await self._stop_once()
        if SLOW_INFERENCE in self._canaries:
            await asyncio.sleep(_SLOW_S)
        if LINGERING_INFERENCE in self._canaries:
            await asyncio.sleep(_LINGERING_S)


def _refusal(why: NotServed) -> Response:
    answer = JSONResponse({"error": why.code, "detail": str(why)}, why.status)
    if why.status == 503:
        answer.headers["retry-after"] = "1"
    if why.code == "out-of-descriptors":
        answer.headers["connection"] = "close"
    return answer
