"""Market data from the broker, over a WebSocket that is opened again and again."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from random import Random

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus, WebSocketException

from proving_ground.leader.backoff import Backoff
from proving_ground.leader.broker_client import BrokerClient, BrokerTrouble
from proving_ground.leader.canaries import (
    STALE_DATA_LOOKS_FRESH,
    WEBSOCKET_NEVER_RECONNECTS,
    WEBSOCKET_WITHOUT_PAUSE,
)
from proving_ground.leader.heartbeats import MARKET_DATA, Heartbeats
from proving_ground.leader.recent_attempts import RecentAttempts

_LOG = logging.getLogger(__name__)
SILENCE_MAX_S = 2.0
"""Ticks come several times a second: a connection that is silent for longer is dead."""
_OPEN_S = 2.0
_BACKOFF_FIRST_S = 0.1
_BACKOFF_MOST_S = 3.0
_LIE_EVERY_S = 0.5
_HAMMERING_S = 0.001


class MarketData:
    """The last price of each symbol, and a heartbeat that only what arrives can beat."""

    def __init__(
        self,
        url: str,
        broker: BrokerClient,
        heartbeats: Heartbeats,
        rng: Random,
        canaries: frozenset[str],
    ) -> None:
        self._url = url
        self._broker = broker
        self._heartbeats = heartbeats
        self._backoff = Backoff(_BACKOFF_FIRST_S, _BACKOFF_MOST_S, rng)
        self._canaries = canaries
        self.prices: dict[str, float] = {}
        self.connections_total = 0
        self.attempts = RecentAttempts()

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            before = self.connections_total
            try:
                await self._listen()
            except (OSError, TimeoutError, WebSocketException, BrokerTrouble) as trouble:
                _LOG.warning("no market data: %s %s", type(trouble).__name__, trouble)
            if WEBSOCKET_NEVER_RECONNECTS in self._canaries and self.connections_total > before:
                return
            hammers = WEBSOCKET_WITHOUT_PAUSE in self._canaries
            await asyncio.sleep(_HAMMERING_S if hammers else self._backoff.pause_s())

    async def pretend(self) -> None:
        """Beat the heartbeat whatever arrives: the planted defect."""
        while STALE_DATA_LOOKS_FRESH in self._canaries:
            self._heartbeats.beat(MARKET_DATA)
            await asyncio.sleep(_LIE_EVERY_S)

    async def _listen(self) -> None:
        token = await self._broker.token()
        headers = {"Authorization": f"Bearer {token}"}
        self.attempts.note(time.monotonic())
        opening = connect(
            self._url,
            additional_headers=headers,
            open_timeout=_OPEN_S,
            close_timeout=_OPEN_S,
            proxy=None,
        )
        try:
            async with opening as wire:
                self.connections_total += 1
                while True:
                    async with asyncio.timeout(SILENCE_MAX_S):
                        tick = json.loads(await wire.recv())
                    self.prices[str(tick["symbol"])] = float(tick["price"])
                    self._heartbeats.beat(MARKET_DATA)
                    self._backoff.reset()
        except InvalidStatus as refusal:
            if refusal.response.status_code in (401, 403):
                await self._broker.token(instead_of=token)
            raise
