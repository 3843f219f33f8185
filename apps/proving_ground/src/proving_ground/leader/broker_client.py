"""Speak to the broker: a token that is renewed in time, and orders that are sent once."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from proving_ground.leader.canaries import (
    ORDERS_WAIT_FOR_TOKEN,
    TOKEN_KEPT_WHEN_REFUSED,
    TOKEN_NOT_REFRESHED,
    TOKEN_RENEWED_WHEN_REFUSED,
)
from proving_ground.leader.ledger import Order

_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_LOGIN_OF_CANARY_S = 1.0
_RENEW_AT = 0.8
"""The share of its lifetime after which a token is renewed, before anybody refuses it."""
_NEVER = 100.0


class BrokerTrouble(Exception):
    """The broker gave no usable answer; nobody knows whether the order was executed."""


class RateLimited(Exception):
    """The broker wants no order for ``retry_after_s`` seconds."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"not before {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Refused(Exception):
    """The broker will never take this order."""


class BrokerClient:
    """One client with one token at a time."""

    def __init__(self, url: str, client_id: str, canaries: frozenset[str]) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=_TIMEOUT)
        self._client_id = client_id
        self._never_again = TOKEN_NOT_REFRESHED in canaries
        self._orders_wait = ORDERS_WAIT_FOR_TOKEN in canaries
        self._kept_when_refused = TOKEN_KEPT_WHEN_REFUSED in canaries
        self._renew_at = _NEVER if TOKEN_RENEWED_WHEN_REFUSED in canaries else _RENEW_AT
        self._token = ""
        self._renew_at_s = 0.0
        self._renewing = asyncio.Lock()
        self.refreshes_total = 0
        self.rate_limited_total = 0

    @property
    def without_token(self) -> bool:
        """Whether a new token is being fetched, which only a planted defect minds."""
        return self._orders_wait and self._renewing.locked()

    async def place(self, order: Order, key: str) -> str:
        """Return the id of the execution of *order*; the same *key* is never executed twice.

        Raises ``RateLimited``, ``Refused`` or ``BrokerTrouble``.
        """
        body = {
            "client_order_id": order.client_order_id,
            "symbol": order.symbol,
            "side": order.side,
            "quantity": order.quantity,
        }
        answer = await self._post(body, key, await self.token())
        if answer.status_code == 401 and not self._kept_when_refused:
            answer = await self._post(body, key, await self.token(instead_of=self._token))
        if answer.status_code == 429:
            self.rate_limited_total += 1
            raise RateLimited(float(answer.headers.get("retry-after", "1")))
        if 400 <= answer.status_code < 500 and answer.status_code != 401:
            raise Refused(answer.text[:200])
        if answer.status_code >= 400:
            raise BrokerTrouble(f"{answer.status_code} {answer.text[:200]}")
        return str(_read(answer)["execution_id"])

    async def token(self, *, instead_of: str | None = None) -> str:
        """Return a token that is valid for a while; raises ``BrokerTrouble``.

        A token that the broker has just refused is given as *instead_of*.
        """
        async with self._renewing:
            stale = time.monotonic() >= self._renew_at_s or self._token == instead_of
            if not self._token or (stale and not self._never_again):
                await self._renew()
            return self._token

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _renew(self) -> None:
        asked_s = time.monotonic()
        if self._orders_wait:
            await asyncio.sleep(_LOGIN_OF_CANARY_S)
        try:
            answer = await self._client.post("/token", json={"client_id": self._client_id})
        except httpx.HTTPError as error:
            raise BrokerTrouble(f"no token: {type(error).__name__} {error}") from None
        if answer.status_code != 200:
            raise BrokerTrouble(f"no token: {answer.status_code} {answer.text[:200]}")
        told = _read(answer)
        self._token = str(told["access_token"])
        self._renew_at_s = asked_s + self._renew_at * float(told["expires_in"])
        self.refreshes_total += 1

    async def _post(self, body: dict[str, Any], key: str, token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        try:
            return await self._client.post("/orders", json=body, headers=headers)
        except httpx.HTTPError as error:
            raise BrokerTrouble(f"{type(error).__name__} {error}") from None


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        told: Any = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BrokerTrouble(f"the broker's answer is no JSON object: {answer.text[:200]}")
    return told
