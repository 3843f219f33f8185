"""The trader's HTTP API."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator
from random import Random
from secrets import randbits

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from proving_ground import canaries as main_canaries
from proving_ground.answering import Answering, Handler, Refusals
from proving_ground.database import Database
from proving_ground.database_trouble import UNAVAILABLE, DatabaseTrouble
from proving_ground.error_answer import error
from proving_ground.leader.broker_client import BrokerClient
from proving_ground.leader.canaries import (
    API_DIES_WITH_DATABASE,
    HEALTH_FOLLOWS_REDIS,
    ORDER_FORGOTTEN,
    ORDERS_NEVER_RECONNECT,
    READY_IGNORES_THE_LOCK,
)
from proving_ground.leader.heartbeats import Heartbeats
from proving_ground.leader.leadership import Leadership
from proving_ground.leader.ledger import Conflict, Deposed, Ledger
from proving_ground.leader.market_data import MarketData
from proving_ground.leader.metrics import LeaderMetrics
from proving_ground.leader.settings import LeaderSettings
from proving_ground.leader.throttle import QueueFull, Throttle
from proving_ground.leader.trader import NotTrading, Trader
from proving_ground.metrics_page import metrics_page
from proving_ground.request_body import BadRequest, Body
from proving_ground.supervised import supervising

_LOG = logging.getLogger(__name__)
READY_TIMEOUT_S = 1.0
QUANTITY_MAX = 1_000_000
_SCHEMA_RETRY_S = 0.25
_DATABASE_CANARIES = {
    API_DIES_WITH_DATABASE: main_canaries.CRASH_ON_DATABASE_LOSS,
    ORDERS_NEVER_RECONNECT: main_canaries.NO_RECONNECT,
}


class LeaderApi:
    """The routes and what they work on; ``app`` is the ASGI application."""

    def __init__(self, settings: LeaderSettings) -> None:
        self._settings = settings
        canaries = settings.canaries
        database_canaries = [of for own, of in _DATABASE_CANARIES.items() if own in canaries]
        self._database = Database(
            settings.database_url,
            timeout_s=settings.database_timeout_s,
            connections_max=20,
            canaries=frozenset(database_canaries),
        )
        rng = Random(randbits(64))
        self._heartbeats = Heartbeats()
        self._trader = Trader(self._heartbeats, canaries)
        self._ledger = Ledger(self._database, settings.instance, canaries)
        self._leadership = Leadership(
            settings, self._ledger, rng, on_won=self._trader.won, on_lost=self._lost
        )
        self._trader.leadership = self._leadership
        self._broker = BrokerClient(settings.broker_url, settings.instance, canaries)
        self._throttle = Throttle(
            settings, self._trader, self._ledger, self._broker, self._heartbeats
        )
        self._market_data = MarketData(
            settings.market_data_url, self._broker, self._heartbeats, rng, canaries
        )
        self._metrics = LeaderMetrics()
        self._metrics.read(
            self._leadership, self._trader, self._heartbeats, self._throttle, self._broker,
            self._market_data, canaries,
        )  # fmt: skip
        self._began_s = time.monotonic()
        self._tables_ready = False
        self._answer = Answering(_REFUSALS, self._metrics.requests)
        self.app = Starlette(
            routes=self._routes(),
            lifespan=self._lifespan,
            exception_handlers={HTTPException: self._metrics.requests.unmatched},
        )

    def _routes(self) -> list[Route]:
        def route(method: str, path: str, handler: Handler) -> Route:
            return Route(path, self._answer(path, handler), methods=[method])

        return [
            route("GET", "/health", self._health),
            route("GET", "/ready", self._ready),
            route("GET", "/metrics", self._exposition),
            route("GET", "/status", self._status),
            route("POST", "/orders", self._place),
            route("POST", "/pause", self._pause),
            route("POST", "/resume", self._resume),
            route("POST", "/abort", self._abort),
        ]

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        loops = {
            "lead": self._lead,
            "scan": self._trader.scan,
            "orders": self._throttle.run,
            "market-data": self._market_data.run,
            "pretend": self._market_data.pretend,
        }
        try:
            async with supervising(loops):
                yield
        finally:
            await self._throttle.finish()
            await self._leadership.resign()
            await self._broker.close()
            await self._database.close()

    async def _lead(self) -> None:
        while not self._tables_ready:
            try:
                await self._ledger.create_tables()
                self._tables_ready = True
            except DatabaseTrouble as trouble:
                _LOG.warning("the tables cannot be created yet: %s", trouble)
                await asyncio.sleep(_SCHEMA_RETRY_S)
        await self._leadership.run()

    def _lost(self, reason: str) -> None:
        self._trader.lost(reason)
        if self._trader.paused:
            self._throttle.forget()

    async def _health(self, _request: Request) -> Response:
        """The process lives; what it depends on has its own field, and is no reason to kill it."""
        trouble = self._leadership.redis_trouble
        ill = bool(trouble) and HEALTH_FOLLOWS_REDIS in self._settings.canaries
        document = {
            "status": "unhealthy" if ill else "healthy",
            "redis": trouble or "ok",
            "leader": self._leadership.leads,
            "paused": self._trader.paused,
            "pid": os.getpid(),
            "uptime_s": round(time.monotonic() - self._began_s, 3),
        }
        return JSONResponse(document, 503 if ill else 200)

    async def _ready(self, _request: Request) -> Response:
        """Whether orders would be taken and done; else 503 with every reason."""
        limit_s = self._settings.heartbeat_max_s
        reasons = [
            f"{name} heartbeat is {age_s:.1f} s old"
            for name, age_s in self._heartbeats.ages_s().items()
            if age_s > limit_s
        ]
        if READY_IGNORES_THE_LOCK not in self._settings.canaries:
            reasons += [] if self._leadership.leads else ["not the leader"]
            reasons += [f"paused: {reason}" for reason in self._trader.pause_reasons]
        reasons += ["the machine is busy"] if self._trader.shuns_work else []
        try:
            await self._database.fetch("SELECT 1", timeout_s=READY_TIMEOUT_S)
        except DatabaseTrouble as trouble:
            reasons.append(f"{trouble.code}: {trouble.detail}")
        status = "not_ready" if reasons else "ready"
        return JSONResponse({"status": status, "reasons": reasons}, 503 if reasons else 200)

    async def _exposition(self, _request: Request) -> Response:
        return metrics_page(self._metrics.registry)

    async def _status(self, _request: Request) -> Response:
        leadership = self._leadership
        return JSONResponse(
            {
                "instance": self._settings.instance,
                "leader": leadership.leads,
                "fencing_token": leadership.token,
                "paused": self._trader.paused,
                "pause_reasons": self._trader.pause_reasons,
                "throttle_queue_depth": self._throttle.depth,
                "heartbeats_s": {
                    name: round(age_s, 3) for name, age_s in self._heartbeats.ages_s().items()
                },
                "prices": self._market_data.prices,
            }
        )

    async def _place(self, request: Request) -> Response:
        body = await Body.of(request)
        fields = {
            "client_order_id": body.text("client_order_id"),
            "symbol": body.text_or_none("symbol") or "NIFTY",
            "side": body.text_or_none("side") or "buy",
            "quantity": body.number("quantity", least=1, most=QUANTITY_MAX, otherwise=1),
        }
        if fields["side"] not in ("buy", "sell"):
            raise BadRequest("side: buy or sell was expected")
        if not self._tables_ready:
            raise DatabaseTrouble(UNAVAILABLE, "the tables have not been created yet")
        token = self._trader.token_for_order()
        if self._broker.without_token:
            raise NotTrading("a new token is being fetched")
        with self._throttle.room():
            try:
                order, made = await self._ledger.accept(fields, token)
            except DatabaseTrouble:
                if ORDER_FORGOTTEN not in self._settings.canaries:
                    raise
                return JSONResponse({"client_order_id": fields["client_order_id"]}, 201)
            if made:
                self._throttle.add([order])
        self._metrics.orders.labels("accepted" if made else "repeated").inc()
        document = {
            "order_id": order.order_id,
            "client_order_id": order.client_order_id,
            "symbol": order.symbol,
            "side": order.side,
            "quantity": order.quantity,
        }
        return JSONResponse(document, 201 if made else 200)

    async def _pause(self, _request: Request) -> Response:
        self._trader.pause()
        return JSONResponse({"paused": True})

    async def _resume(self, _request: Request) -> Response:
        self._trader.resume()
        return JSONResponse(
            {"paused": self._trader.paused, "pause_reasons": self._trader.pause_reasons}
        )

    async def _abort(self, _request: Request) -> Response:
        """Pause, and cancel what has not gone to the broker yet."""
        self._trader.pause()
        self._throttle.forget()
        cancelled = await self._ledger.abort(self._leadership.term)
        return JSONResponse({"paused": True, "cancelled": cancelled})


def _unavailable(code: str, detail: str) -> Response:
    return error(503, code, detail, {"Retry-After": "1"})


_REFUSALS: Refusals = {
    Conflict: lambda conflict: error(409, "conflict", str(conflict)),
    NotTrading: lambda reason: _unavailable("not-trading", str(reason)),
    Deposed: lambda deposed: _unavailable("deposed", str(deposed)),
    QueueFull: lambda full: _unavailable("queue-full", str(full)),
    DatabaseTrouble: lambda trouble: _unavailable(trouble.code, trouble.detail),
}
