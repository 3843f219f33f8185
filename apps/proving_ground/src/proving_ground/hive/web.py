"""The HTTP API of the hive."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proving_ground.answering import Answering, Handler, bad_request
from proving_ground.descriptors import short_of_descriptors
from proving_ground.error_answer import error
from proving_ground.hive.canaries import (
    DISK_FULL_IS_500,
    HEARTBEATS_REFUSED_WITHOUT_DESCRIPTORS,
    HIVE_BREAKS_OFF_WITHOUT_DESCRIPTORS,
    HIVE_HANGS_WITHOUT_DESCRIPTORS,
    LIST_REFUSED_FOR_EVER,
    SCALE_IGNORED,
)
from proving_ground.hive.metrics import HiveMetrics
from proving_ground.hive.models import BadName, DiskFull, Models
from proving_ground.hive.roster import READY, Refused, Roster
from proving_ground.hive.settings import HiveSettings
from proving_ground.hive.supervisor import WORKERS_MAX, Supervisor
from proving_ground.metrics_page import metrics_page
from proving_ground.request_body import Body, checked_text
from proving_ground.supervised import supervising

_T = TypeVar("_T")
_RESERVE = 8
_PORT_MAX = 65535


class Hive:
    """The routes and what they work on; ``app`` is the ASGI application."""

    def __init__(self, settings: HiveSettings, *, started_at_s: float) -> None:
        self._settings = settings
        self._roster = Roster(
            settings.canaries,
            registration_timeout_s=settings.registration_timeout_s,
            heartbeat_timeout_s=settings.heartbeat_timeout_s,
        )
        self._metrics = HiveMetrics(self._roster, started_at_s)
        self._supervisor = Supervisor(settings, self._roster, self._metrics)
        self._models = Models(settings.data, settings.canaries)
        self._answer = Answering(
            {
                BadName: bad_request,
                Refused: lambda refusal: error(409, "refused", str(refusal)),
            },
            self._metrics.requests,
        )
        self._began_s = time.monotonic()
        self._was_short = False
        self.app = Starlette(
            routes=self._routes(),
            lifespan=self._lifespan,
            exception_handlers={HTTPException: self._metrics.requests.unmatched},
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        try:
            async with supervising({"supervisor": self._supervisor.run}):
                yield
        finally:
            await self._supervisor.stop()

    def _routes(self) -> list[Route]:
        def route(method: str, path: str, handler: Handler) -> Route:
            return Route(path, self._answer(path, self._refusing(handler)), methods=[method])

        def of_worker(path: str, handler: Handler) -> Route:
            # Served from the reserve: it needs no more than the connection that it came on, and
            # a worker that is not heard is killed.
            if HEARTBEATS_REFUSED_WITHOUT_DESCRIPTORS in self._settings.canaries:
                return route("POST", path, handler)
            return Route(path, self._answer(path, handler), methods=["POST"])

        return [
            route("GET", "/health", self._health),
            route("GET", "/ready", self._ready),
            route("GET", "/metrics", self._exposition),
            route("GET", "/workers", self._workers),
            route("POST", "/scale", self._scale),
            of_worker("/workers/{name}/announce", self._announce),
            of_worker("/workers/{name}/acknowledge", self._acknowledge),
            of_worker("/workers/{name}/heartbeat", self._heartbeat),
            route("POST", "/workers/{name}/drain", self._drain),
            route("GET", "/models", self._list_models),
            route("PUT", "/models/{name}", self._put_model),
            route("GET", "/models/{name}", self._model),
            route("DELETE", "/models/{name}", self._delete_model),
        ]

    def _refusing(self, handler: Handler) -> Handler:
        """Wrap a handler: without descriptors for its work it is not asked."""

        async def refusing(request: Request) -> Response:
            if short_of_descriptors(_RESERVE):
                return await self._short_of_descriptors()
            return await handler(request)

        return refusing

    async def _short_of_descriptors(self) -> Response:
        self._was_short = True
        if HIVE_HANGS_WITHOUT_DESCRIPTORS in self._settings.canaries:
            while short_of_descriptors(_RESERVE):
                await asyncio.sleep(0.1)
        response = error(503, "out-of-descriptors", "no more connections can be served")
        if HIVE_BREAKS_OFF_WITHOUT_DESCRIPTORS in self._settings.canaries:
            response.body = b""  # its length has been told
        # Each connection that goes gives one descriptor back.
        response.headers["connection"] = "close"
        response.headers["retry-after"] = "1"
        return response

    async def _health(self, _request: Request) -> Response:
        counts = self._roster.counts()
        document = {
            "status": "healthy" if counts[READY] else "degraded",
            "pid": os.getpid(),
            "uptime_s": round(time.monotonic() - self._began_s, 3),
            "workers": {"wanted": self._supervisor.wanted, **counts},
        }
        return JSONResponse(document)

    async def _ready(self, _request: Request) -> Response:
        ready = self._roster.counts()[READY]
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    async def _exposition(self, _request: Request) -> Response:
        return metrics_page(self._metrics.registry)

    async def _workers(self, _request: Request) -> Response:
        if self._was_short and LIST_REFUSED_FOR_EVER in self._settings.canaries:
            return error(503, "out-of-descriptors", "the list cannot be told")
        now_s = time.monotonic()
        return JSONResponse(
            {
                "wanted": self._supervisor.wanted,
                "counts": dict(self._roster.counts()),
                "workers": list(self._roster.documents(now_s)),
                "dead": list(self._roster.dead_documents(now_s)),
            }
        )

    async def _scale(self, request: Request) -> Response:
        body = await Body.of(request)
        workers = body.number("workers", least=0, most=WORKERS_MAX)
        if SCALE_IGNORED not in self._settings.canaries:
            self._supervisor.scale(workers)
        return JSONResponse({"wanted": self._supervisor.wanted})

    async def _announce(self, request: Request) -> Response:
        name, body = _name_of(request), await Body.of(request)
        host = body.text_or_none("host") or "127.0.0.1"
        port = body.number("port", least=1, most=_PORT_MAX)
        token = self._step("announce", lambda: self._roster.announce(name, host, port, _now_s()))
        return JSONResponse({"token": token})

    async def _acknowledge(self, request: Request) -> Response:
        name, token = _name_of(request), (await Body.of(request)).text("token")
        self._step("acknowledge", lambda: self._roster.acknowledge(name, token, _now_s()))
        return JSONResponse({"state": READY})

    async def _heartbeat(self, request: Request) -> Response:
        name, token = _name_of(request), (await Body.of(request)).text("token")
        self._step("heartbeat", lambda: self._roster.heartbeat(name, token, _now_s()))
        return JSONResponse({})

    def _step(self, step: str, work: Callable[[], _T]) -> _T:
        try:
            result = work()
        except Refused:
            self._metrics.registrations.labels(step, "refused").inc()
            raise
        self._metrics.registrations.labels(step, "done").inc()
        return result

    async def _drain(self, request: Request) -> Response:
        name = _name_of(request)
        self._supervisor.drain(name)
        return JSONResponse({"name": name, "state": "draining"}, 202)

    async def _list_models(self, request: Request) -> Response:
        return JSONResponse(dict(self._models.listing(request.query_params.get("prefix", ""))))

    async def _put_model(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        try:
            size = await self._models.put(name, request.stream())
        except DiskFull as problem:
            self._metrics.models_refused.inc()
            if DISK_FULL_IS_500 in self._settings.canaries:
                return error(500, "internal", "OSError")
            return error(507, "insufficient-storage", str(problem))
        return JSONResponse({"name": name, "bytes": size}, 201)

    async def _model(self, request: Request) -> Response:
        name = str(request.path_params["name"])
        size = self._models.size(name)
        if size is None:
            return error(404, "not-found", "no such model")
        return JSONResponse({"name": name, "bytes": size})

    async def _delete_model(self, request: Request) -> Response:
        if not self._models.delete(str(request.path_params["name"])):
            return error(404, "not-found", "no such model")
        return Response(status_code=204)


def _name_of(request: Request) -> str:
    return checked_text("name", request.path_params["name"])


def _now_s() -> float:
    return time.monotonic()
