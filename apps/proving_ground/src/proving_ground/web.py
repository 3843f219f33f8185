"""The HTTP API of the main server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proving_ground import bots, jobs
from proving_ground.answering import Answering, Handler
from proving_ground.bearer_token import same_token, token_of
from proving_ground.canaries import FLAKY_CLAIM, HEALTH_ALWAYS_HEALTHY, HEALTH_RATE_LIMITED
from proving_ground.claims import claim
from proving_ground.completions import Ending, complete, release
from proving_ground.consistency import consistency
from proving_ground.database import Database
from proving_ground.database_health import DatabaseHealth
from proving_ground.database_trouble import UNAVAILABLE, DatabaseTrouble
from proving_ground.error_answer import error
from proving_ground.housekeeping import Housekeeping
from proving_ground.metrics import Metrics
from proving_ground.metrics_page import metrics_page
from proving_ground.request_body import BadRequest, Body, checked_text
from proving_ground.settings import ServerSettings
from proving_ground.supervised import supervising

_HEALTH_LIMIT_S = 1.0
_FLAKY_EVERY = 5
WORK_MS_MAX = 3_600_000
ATTEMPT_MAX = 2_000_000_000


class Server:
    """The routes and what they work on; ``app`` is the ASGI application."""

    def __init__(self, settings: ServerSettings, *, started_at_s: float) -> None:
        self._settings = settings
        self._metrics = Metrics(started_at_s)
        self._database = Database(
            settings.database_url,
            timeout_s=settings.database_timeout_s,
            connections_max=settings.database_connections_max,
            canaries=settings.canaries,
        )
        self._housekeeping = Housekeeping(settings, self._database, self._metrics)
        self._healthy = DatabaseHealth(
            self._database, well="ok", lies=HEALTH_ALWAYS_HEALTHY in settings.canaries
        )
        self._answer = Answering(
            {DatabaseTrouble: lambda trouble: error(503, trouble.code, trouble.detail)},
            self._metrics.requests,
        )
        self._claims = 0
        self._health_free_s = 0.0
        self.app = Starlette(
            routes=self._routes(),
            lifespan=self._lifespan,
            exception_handlers={HTTPException: self._metrics.requests.unmatched},
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        try:
            async with supervising({"housekeeping": self._housekeeping.run}):
                yield
        finally:
            await self._database.close()

    def _routes(self) -> list[Route]:
        # A direct handler is asked even before the schema exists.
        def route(method: str, path: str, handler: Handler, *, direct: bool = False) -> Route:
            asked = handler if direct else self._with_schema(handler)
            return Route(path, self._answer(path, asked), methods=[method])

        admin = self._admin
        return [
            route("POST", "/api/bots", self._register),
            route("GET", "/api/bots", self._bots),
            route("POST", "/api/bots/{id}/heartbeat", self._heartbeat),
            route("POST", "/api/jobs/claim", self._claim),
            route("POST", "/api/jobs/{id}/complete", self._complete),
            route("POST", "/api/jobs/{id}/release", self._release),
            route("POST", "/api/jobs", admin(self._submit)),
            route("GET", "/api/jobs", self._jobs),
            route("DELETE", "/api/jobs", admin(self._delete)),
            route("GET", "/api/jobs/{id}", self._job),
            route("GET", "/api/stats", self._stats),
            route("POST", "/api/admin/cleanup", admin(self._cleanup)),
            route("GET", "/api/consistency", admin(self._consistency)),
            route("GET", "/health", self._health, direct=True),
            route("GET", "/ready", self._ready, direct=True),
            route("GET", "/metrics", self._exposition, direct=True),
        ]

    def _with_schema(self, handler: Handler) -> Handler:
        """Wrap a handler that needs the tables."""

        async def guarded(request: Request) -> Response:
            if not self._housekeeping.schema_ready:
                raise DatabaseTrouble(UNAVAILABLE, "the schema has not been created yet")
            return await handler(request)

        return guarded

    def _admin(self, handler: Handler) -> Handler:
        """Wrap a handler that only administrators may use."""

        async def guarded(request: Request) -> Response:
            if not same_token(token_of(request), self._settings.admin_token):
                return error(401, "unauthorized", "the admin token is missing or wrong")
            return await handler(request)

        return guarded

    async def _register(self, request: Request) -> Response:
        body = await Body.of(request)
        name = body.text("name")
        kinds = body.texts("kinds", most=100) or ["default"]
        bot_id = bots.new_bot_id(name)
        await bots.register(self._database, bot_id, name, kinds)
        return JSONResponse({"id": bot_id}, 201)

    async def _bots(self, _request: Request) -> Response:
        return JSONResponse({"bots": list(await bots.bots(self._database))})

    async def _heartbeat(self, request: Request) -> Response:
        bot_id = checked_text("id", request.path_params["id"])
        current = await bots.heartbeat(self._database, bot_id)
        return JSONResponse({"id": bot_id, "current_job_id": current})

    async def _claim(self, request: Request) -> Response:
        body = await Body.of(request)
        self._claims += 1
        if FLAKY_CLAIM in self._settings.canaries and self._claims % _FLAKY_EVERY == 0:
            return error(500, "internal", "something went wrong")
        job = await claim(
            self._database,
            self._settings.canaries,
            bot_id=body.text("bot_id"),
            kind=body.text_or_none("kind") or "default",
            job_id=body.text_or_none("job_id"),
            request_id=body.text_or_none("request_id"),
        )
        self._metrics.claims.labels("none" if job is None else "given").inc()
        return Response(status_code=204) if job is None else JSONResponse({"job": job})

    async def _complete(self, request: Request) -> Response:
        body = await Body.of(request)
        ending = await complete(
            self._database,
            self._settings.canaries,
            job_id=checked_text("id", request.path_params["id"]),
            bot_id=body.text("bot_id"),
            attempt=body.number("attempt", least=1, most=ATTEMPT_MAX),
        )
        if not ending.accepted:
            self._metrics.completions.labels("refused").inc()
            return _not_accepted(ending)
        self._metrics.completions.labels("repeated" if ending.already else "done").inc()
        return JSONResponse({"completed": True, "already": ending.already})

    async def _release(self, request: Request) -> Response:
        body = await Body.of(request)
        ending = await release(
            self._database,
            job_id=checked_text("id", request.path_params["id"]),
            bot_id=body.text("bot_id"),
            attempt=body.number("attempt", least=1, most=ATTEMPT_MAX),
        )
        if not ending.accepted:
            return _not_accepted(ending)
        return JSONResponse({"released": True, "already": ending.already})

    async def _submit(self, request: Request) -> Response:
        body = await Body.of(request)
        count = body.number("count", least=1, most=jobs.COUNT_MAX, otherwise=1)
        ids = body.texts("ids", most=jobs.COUNT_MAX) or jobs.new_ids(count)
        await jobs.submit(
            self._database,
            self._settings.canaries,
            ids,
            kind=body.text_or_none("kind") or "default",
            work_ms=body.number("work_ms", least=0, most=WORK_MS_MAX, otherwise=0),
            payload=body.mapping("payload"),
        )
        return JSONResponse({"ids": list(ids)}, 201)

    async def _jobs(self, request: Request) -> Response:
        query = request.query_params
        status, limit = query.get("status"), query.get("limit", "100")
        if status is not None and status not in jobs.STATUSES:
            raise BadRequest(f"status: one of {', '.join(jobs.STATUSES)} was expected")
        if not (limit.isascii() and limit.isdigit()) or not 0 < int(limit) <= jobs.COUNT_MAX:
            raise BadRequest(f"limit: a number from 1 to {jobs.COUNT_MAX} was expected")
        found = await jobs.jobs(
            self._database, status=status, kind=_kind_of(request), limit=int(limit)
        )
        return JSONResponse({"jobs": list(found)})

    async def _job(self, request: Request) -> Response:
        job_id = checked_text("id", request.path_params["id"])
        found = await jobs.job(self._database, job_id)
        return error(404, "not-found", "no such job") if found is None else JSONResponse(found)

    async def _delete(self, request: Request) -> Response:
        kind = _kind_of(request)
        if kind is None:
            raise BadRequest("kind: the kind of jobs to delete was expected")
        return JSONResponse({"deleted": await jobs.delete_kind(self._database, kind)})

    async def _stats(self, request: Request) -> Response:
        found = await jobs.stats(
            self._database, bot_timeout_s=self._settings.bot_timeout_s, kind=_kind_of(request)
        )
        return JSONResponse(found)

    async def _cleanup(self, _request: Request) -> Response:
        repaired = await self._housekeeping.clean_up()
        return JSONResponse({"repaired": repaired, "total": sum(repaired.values())})

    async def _consistency(self, _request: Request) -> Response:
        silence_s = self._housekeeping.silence_s()
        found = await consistency(self._database, self._settings.canaries, silence_s=silence_s)
        return JSONResponse(found)

    async def _health(self, _request: Request) -> Response:
        if HEALTH_RATE_LIMITED in self._settings.canaries:
            now_s = time.monotonic()
            if now_s < self._health_free_s:
                return error(429, "too-many-requests", "ask once a second at most")
            self._health_free_s = now_s + _HEALTH_LIMIT_S
        return await self._healthy.answer()

    async def _ready(self, _request: Request) -> Response:
        return await self._healthy.answer(schema_ready=self._housekeeping.schema_ready)

    async def _exposition(self, _request: Request) -> Response:
        return metrics_page(self._metrics.registry)


def _kind_of(request: Request) -> str | None:
    kind = request.query_params.get("kind")
    return None if kind is None else checked_text("kind", kind)


def _not_accepted(ending: Ending) -> Response:
    if not ending.found:
        return error(404, "not-found", "no such job")
    return error(409, "stale", "the job is not this bot's at this attempt")
