"""The simulated broker: tokens, the rate limit, executions and ticks, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from starlette.websockets import WebSocketDisconnect

from proving_ground.broker.web import BrokerApi

ORDER = {"client_order_id": "a", "symbol": "NIFTY", "side": "buy", "quantity": 1}


class Broker:
    """A broker and what talks to it, in one process."""

    def __init__(self, *, token_lifetime_s: float = 60.0) -> None:
        self.api = BrokerApi(
            token_lifetime_s=token_lifetime_s, rate=3, latency_s=0, tick_every_s=0.001
        )

    def get(self, path: str) -> httpx.Response:
        return asyncio.run(self._ask("GET", path))

    def post(self, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, **options))

    def ticks(self, headers: Mapping[str, str], count: int) -> list[dict[str, Any]]:
        """Return what comes over the WebSocket: *count* prices, or that it was closed."""
        return asyncio.run(self._ticks(headers, count))

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.api.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://broker") as client:
            return await client.request(method, path, **options)

    async def _ticks(self, headers: Mapping[str, str], count: int) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            if message["type"] == "websocket.send":
                sent.append(json.loads(message["text"]))
            elif message["type"] == "websocket.close":
                sent.append({"closed": message["code"]})
            if len(sent) == count:
                raise WebSocketDisconnect

        pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": "/ticks", "headers": pairs, "query_string": b""}
        await self.api.app(scope, receive, send)
        return sent


@pytest.fixture
def broker() -> Broker:
    return Broker()


def headers(broker: Broker, key: str = "k") -> dict[str, str]:
    token = broker.post("/token", json={"client_id": "me"}).json()["access_token"]
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": key}


def test_nobody_trades_without_a_valid_token(broker: Broker) -> None:
    assert broker.post("/orders", json=ORDER).status_code == 401
    ours = headers(broker)
    assert broker.post("/orders", json=ORDER, headers=ours).status_code == 201
    assert broker.post("/token/revoke").json() == {"revoked": 1}
    assert broker.post("/orders", json=ORDER, headers=ours).status_code == 401
    assert broker.get("/stats").json()["unauthorized"] == 2


def test_a_token_ends() -> None:
    broker = Broker(token_lifetime_s=1e-9)
    assert broker.post("/orders", json=ORDER, headers=headers(broker)).status_code == 401


def test_a_key_is_executed_once_and_another_key_again(broker: Broker) -> None:
    ours = headers(broker, "a")
    first = broker.post("/orders", json=ORDER, headers=ours)
    again = broker.post("/orders", json=ORDER, headers=ours)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert broker.get("/orders/duplicates").json() == {"duplicates": []}
    broker.post("/orders", json=ORDER, headers=headers(broker, "b"))
    twice = [{"client_order_id": "a", "times": 2}]
    assert broker.get("/orders/duplicates").json() == {"duplicates": twice}
    assert len(broker.get("/orders").json()["orders"]) == 2


def test_who_asks_for_a_prefix_is_told_of_no_other_orders(broker: Broker) -> None:
    for name, key in (("ours-1", "a"), ("ours-1", "b"), ("old-1", "c")):
        order = {**ORDER, "client_order_id": name}
        broker.post("/orders", json=order, headers=headers(broker, key))
    told = broker.get("/orders?prefix=ours-").json()["orders"]
    assert [one["client_order_id"] for one in told] == ["ours-1", "ours-1"]
    assert broker.get("/orders/duplicates?prefix=old-").json() == {"duplicates": []}


def test_too_many_orders_are_told_when_to_come_again(broker: Broker) -> None:
    ours = headers(broker)
    answers = [broker.post("/orders", json=ORDER, headers=ours) for _ in range(6)]
    limited = [one for one in answers if one.status_code == 429]
    assert limited
    assert {one.headers["retry-after"] for one in limited} == {"1"}
    assert broker.get("/stats").json()["rate_limited"] == len(limited)
    assert broker.post("/limit", json={"rate": 100}).json() == {"rate": 100}
    assert broker.post("/orders", json=ORDER, headers=ours).status_code == 200


def test_prices_come_over_a_websocket_to_whoever_may_see_them(broker: Broker) -> None:
    symbols = {one["symbol"] for one in broker.ticks(headers(broker), 4)}
    assert symbols == {"NIFTY", "BANKNIFTY"}
    assert broker.ticks({}, 2) == [{"closed": 4401}]


def test_an_order_that_makes_no_sense_is_refused(broker: Broker) -> None:
    answer = broker.post("/orders", json={**ORDER, "quantity": 0}, headers=headers(broker))
    assert answer.status_code == 400
    assert "quantity" in answer.json()["detail"]
