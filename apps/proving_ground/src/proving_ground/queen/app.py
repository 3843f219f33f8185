"""The queen's HTTP application: what is served, and what every answer has in common."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proving_ground.answering import Answering, Handler
from proving_ground.database import Database
from proving_ground.database_health import DatabaseHealth
from proving_ground.database_trouble import UNAVAILABLE, DatabaseTrouble
from proving_ground.error_answer import error
from proving_ground.metrics_page import metrics_page
from proving_ground.queen import breakers, workers
from proving_ground.queen.auth_routes import AuthRoutes
from proving_ground.queen.canaries import (
    DEAD_WORKERS_COUNTED,
    HEALTH_FLAPS,
    QUEEN_500_ON_DATABASE_LOSS,
    QUEEN_HEALTH_LIES,
)
from proving_ground.queen.endpoint import (
    ADMIN,
    USER,
    Endpoint,
    Refused,
    described,
)
from proving_ground.queen.gate import Gate
from proving_ground.queen.housekeeping import Housekeeping
from proving_ground.queen.inference import Inference
from proving_ground.queen.metrics import QueenMetrics
from proving_ground.queen.openapi import openapi
from proving_ground.queen.settings import QueenSettings
from proving_ground.queen.task_routes import TaskRoutes
from proving_ground.supervised import supervising

BELOW = "/api/v1"
_LOOKS_EVERY = 3


class Queen:
    """The routes and what they work on; ``app`` is the ASGI application."""

    def __init__(self, settings: QueenSettings, *, started_at_s: float) -> None:
        self._settings = settings
        self._metrics = QueenMetrics(started_at_s)
        self._database = Database(
            settings.database_url,
            timeout_s=settings.database_timeout_s,
            connections_max=settings.database_connections_max,
            canaries=settings.canaries,
        )
        self._gate = Gate(settings, self._database)
        self._housekeeping = Housekeeping(settings, self._database, self._metrics)
        self._inference = Inference(settings, self._metrics)
        self._healthy = DatabaseHealth(
            self._database, well="up", lies=QUEEN_HEALTH_LIES in settings.canaries
        )
        self._blind = DatabaseHealth(self._database, well="up", lies=True)
        self._health_answers = 0
        status = 500 if QUEEN_500_ON_DATABASE_LOSS in settings.canaries else 503
        self._answer = Answering(
            {
                Refused: lambda refusal: error(refusal.status, refusal.code, refusal.detail),
                DatabaseTrouble: lambda trouble: error(status, trouble.code, trouble.detail),
            },
            self._metrics.requests,
        )
        self.endpoints = self._endpoints()
        inference = self._inference.routes()
        self.described = [described(route) for route in inference]
        self.app = Starlette(
            routes=[*self._routes(), *self._inference_routes(inference)],
            lifespan=self._lifespan,
            exception_handlers={HTTPException: self._metrics.requests.unmatched},
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        loops = {"housekeeping": self._housekeeping.run, "inference": self._inference.run}
        try:
            async with supervising(loops):
                yield
        finally:
            await self._database.close()

    def _endpoints(self) -> list[Endpoint]:
        tasks = TaskRoutes(self._settings, self._database, self._metrics).endpoints()
        users = AuthRoutes(self._settings, self._database).endpoints()
        own = [*users, *tasks, *self._state_endpoints()]
        health = {200: "healthy", 503: "the database is out of reach"}
        ready = {200: "ready", 503: "not ready, with the reason"}
        below = [
            *own,
            Endpoint("GET", "/health", self._health, "Is it healthy?", health, needs_schema=False),
        ]
        return [
            *(_below(endpoint) for endpoint in below),
            Endpoint("GET", "/health", self._health, "Is it healthy?", health, needs_schema=False),
            Endpoint("GET", "/ready", self._ready, "May it be used?", ready, needs_schema=False),
            Endpoint("GET", "/metrics", self._exposition, "Prometheus metrics",
                     {200: "the exposition"}, needs_schema=False),
            Endpoint("GET", "/openapi.json", self._openapi, "This document",
                     {200: "the document"}, needs_schema=False),
        ]

    def _state_endpoints(self) -> list[Endpoint]:
        unknown = {401: "no token, or one that is not good"}
        return [
            Endpoint("GET", "/breakers", self._breakers, "The breakers that ever counted a failure",
                     {200: "breakers", **unknown}, USER),
            Endpoint("DELETE", "/breakers/{type}", self._reset_breaker, "Close a breaker by hand",
                     {200: "it is closed", 403: "administrators only", **unknown}, ADMIN),
            Endpoint("GET", "/workers", self._workers, "Who works",
                     {200: "workers, and how many are alive", **unknown}, USER),
        ]

    def _routes(self) -> list[Route]:
        return [
            Route(one.path, self._answer(one.path, self._guarded(one)), methods=[one.method])
            for one in self.endpoints
        ]

    def _inference_routes(self, routes: list[Route]) -> list[Route]:
        return [
            Route(one.path, self._answer(one.path, one.endpoint), methods=list(one.methods or ()))
            for one in routes
        ]

    def _guarded(self, endpoint: Endpoint) -> Handler:
        async def answer(request: Request) -> Response:
            if endpoint.needs_schema and not self._housekeeping.schema_ready:
                raise DatabaseTrouble(UNAVAILABLE, "the schema has not been created yet")
            return await self._gate(endpoint, request)

        return answer

    async def _breakers(self, _request: Request) -> Response:
        return JSONResponse({"breakers": list(await breakers.all_of(self._database))})

    async def _reset_breaker(self, request: Request) -> Response:
        await breakers.reset(self._database, request.path_params["type"])
        return JSONResponse({"type": request.path_params["type"], "state": "closed"})

    async def _workers(self, _request: Request) -> Response:
        found = await workers.all_of(self._database, self._settings.lease_s)
        everybody = DEAD_WORKERS_COUNTED in self._settings.canaries
        alive = sum(everybody or one["state"] in workers.ALIVE for one in found)
        return JSONResponse({"workers": list(found), "alive": alive})

    async def _health(self, _request: Request) -> Response:
        self._health_answers += 1
        if HEALTH_FLAPS in self._settings.canaries and self._health_answers % _LOOKS_EVERY:
            return await self._blind.answer()
        return await self._healthy.answer()

    async def _ready(self, _request: Request) -> Response:
        return await self._healthy.answer(schema_ready=self._housekeeping.schema_ready)

    async def _exposition(self, _request: Request) -> Response:
        return metrics_page(self._metrics.registry)

    async def _openapi(self, _request: Request) -> Response:
        return JSONResponse(openapi([*self.endpoints, *self.described]))


def _below(endpoint: Endpoint) -> Endpoint:
    return replace(endpoint, path=BELOW + endpoint.path)
