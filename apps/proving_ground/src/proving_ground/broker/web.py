"""The broker's HTTP and WebSocket API: a simulated exchange."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import asdict
from random import Random

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from proving_ground.broker.exchange import Exchange, RateLimit, Tokens, whole_seconds
from proving_ground.request_body import BadRequest, Body

SYMBOLS = {"NIFTY": 22_000.0, "BANKNIFTY": 48_000.0}
QUANTITY_MAX = 1_000_000
RATE_MAX = 100_000


class BrokerApi:
    """The routes and what they work on; ``app`` is the ASGI application.

    An order is executed at once and answered *latency_s* later: an answer can be lost although
    the order was executed, as with any broker. *rate* is in orders a second, of all clients.
    """

    def __init__(
        self, *, token_lifetime_s: float, rate: float, latency_s: float, tick_every_s: float
    ) -> None:
        self._tokens = Tokens(token_lifetime_s)
        self._limit = RateLimit(rate)
        self._exchange = Exchange()
        self._latency_s = latency_s
        self._tick_every_s = tick_every_s
        self._rng = Random(1)
        self.app = Starlette(
            routes=[
                Route("/health", self._health),
                Route("/token", self._token, methods=["POST"]),
                Route("/token/revoke", self._revoke, methods=["POST"]),
                Route("/limit", self._set_limit, methods=["POST"]),
                Route("/orders", self._place, methods=["POST"]),
                Route("/orders", self._orders),
                Route("/orders/duplicates", self._duplicates),
                Route("/stats", self._stats),
                WebSocketRoute("/ticks", self._ticks),
            ],
            exception_handlers={BadRequest: _bad_request},
        )

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "healthy"})

    async def _token(self, request: Request) -> Response:
        client_id = (await Body.of(request)).text("client_id")
        token = self._tokens.issue(client_id)
        return JSONResponse({"access_token": token, "expires_in": self._tokens.lifetime_s})

    async def _revoke(self, _request: Request) -> Response:
        return JSONResponse({"revoked": self._tokens.revoke_all()})

    async def _set_limit(self, request: Request) -> Response:
        rate = (await Body.of(request)).number("rate", least=1, most=RATE_MAX)
        self._limit = RateLimit(float(rate))
        return JSONResponse({"rate": rate})

    async def _place(self, request: Request) -> Response:
        client_id = self._tokens.client_of(request.headers.get("authorization", ""))
        if client_id is None:
            self._exchange.unauthorized_total += 1
            return JSONResponse({"error": "unauthorized", "detail": "no valid token"}, 401)
        wait_s = self._limit.wait_s()
        if wait_s:
            self._exchange.rate_limited_total += 1
            headers = {"Retry-After": whole_seconds(wait_s)}
            return JSONResponse({"error": "rate-limited", "detail": "slower"}, 429, headers)
        body = await Body.of(request)
        order = {
            "client_order_id": body.text("client_order_id"),
            "symbol": body.text("symbol"),
            "side": body.text("side"),
            "quantity": body.number("quantity", least=1, most=QUANTITY_MAX),
        }
        key = request.headers.get("idempotency-key", "")
        made, fresh = self._exchange.execute(key, client_id, order)
        if self._latency_s:
            await asyncio.sleep(self._latency_s)
        return JSONResponse(asdict(made), 201 if fresh else 200)

    async def _orders(self, request: Request) -> Response:
        executed = self._exchange.of(request.query_params.get("prefix", ""))
        return JSONResponse({"orders": [asdict(one) for one in executed]})

    async def _duplicates(self, request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        return JSONResponse({"duplicates": list(self._exchange.duplicates(prefix))})

    async def _stats(self, _request: Request) -> Response:
        exchange = self._exchange
        return JSONResponse(
            {
                "executions": len(exchange.executions),
                "orders": len({one.client_order_id for one in exchange.executions}),
                "rate_limited": exchange.rate_limited_total,
                "unauthorized": exchange.unauthorized_total,
                "tokens_issued": self._tokens.issued_total,
                "rate": self._limit.rate,
            }
        )

    async def _ticks(self, wire: WebSocket) -> None:
        """Send a price of each symbol every so often, until the other end goes."""
        if self._tokens.client_of(wire.headers.get("authorization", "")) is None:
            self._exchange.unauthorized_total += 1
            await wire.close(4401)
            return
        await wire.accept()
        prices = dict(SYMBOLS)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            while True:
                for symbol in prices:
                    prices[symbol] = round(prices[symbol] * self._rng.uniform(0.9995, 1.0005), 2)
                    await wire.send_json({"symbol": symbol, "price": prices[symbol]})
                await asyncio.sleep(self._tick_every_s)


async def _bad_request(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "bad-request", "detail": str(error)}, 400)
