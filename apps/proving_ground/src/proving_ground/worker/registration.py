"""Register at the hive in two steps, then say every moment that this worker lives."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import signal
from typing import Any

import httpx

from proving_ground.listening_host import reached_at
from proving_ground.worker.settings import WorkerSettings

_LOG = logging.getLogger(__name__)
_TIMEOUT = httpx.Timeout(1.0)
_BACKOFF_FIRST_S = 0.1
_BACKOFF_MOST_S = 2.0
_REFUSED = 409


class _Refused(Exception):
    """The hive does not know this worker any more; it has to announce itself anew."""


class Registration:
    """Announces, acknowledges and beats until cancelled; an unreachable hive is no end."""

    def __init__(self, settings: WorkerSettings, port: int) -> None:
        self._settings = settings
        self._port = port
        self._random = random.Random(secrets.randbits(64))
        self._supervisor = os.getppid()
        self.attempts = 0
        self.registered = False
        self.silent = False  # a planted defect: no heartbeat is sent any more

    async def run(self) -> None:
        """Stay registered."""
        url = f"{self._settings.hive_url}".rstrip("/") + f"/workers/{self._settings.name}"
        backoff_s = _BACKOFF_FIRST_S
        async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
            while True:
                try:
                    token = await self._register(client, url)
                    backoff_s = _BACKOFF_FIRST_S
                    await self._beat(client, url, token)
                except _Refused as error:
                    reason = str(error)
                except httpx.HTTPError as error:
                    reason = f"{type(error).__name__}: {error}"
                self.registered = False
                self._end_with_the_hive()
                _LOG.warning("not registered: %s; again within %.1f s", reason, backoff_s)
                await asyncio.sleep(backoff_s * self._random.uniform(0.5, 1.0))
                backoff_s = min(_BACKOFF_MOST_S, backoff_s * 2)

    async def _register(self, client: httpx.AsyncClient, url: str) -> str:
        host = self._settings.announce_host or reached_at(self._settings.host)
        own = {"host": host, "port": self._port, "pid": os.getpid()}
        token = str((await self._tell(client, f"{url}/announce", own))["token"])
        await self._tell(client, f"{url}/acknowledge", {"token": token})
        self.registered = True
        _LOG.info("registered at the hive")
        return token

    async def _beat(self, client: httpx.AsyncClient, url: str, token: str) -> None:
        """Send heartbeats; one that gets no answer may have arrived, so only a refusal counts."""
        backoff_s = self._settings.heartbeat_s
        while True:
            await asyncio.sleep(backoff_s)
            self._end_with_the_hive()
            if self.silent:
                continue
            try:
                await self._tell(client, f"{url}/heartbeat", {"token": token})
                backoff_s = self._settings.heartbeat_s
            except httpx.HTTPError:
                # Half of the time after which the hive takes silence for death, at the most.
                backoff_s = min(3 * self._settings.heartbeat_s, backoff_s * 1.5)

    async def _tell(
        self, client: httpx.AsyncClient, url: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        self.attempts += 1
        answer = await client.post(url, json=body)
        if answer.status_code == _REFUSED:
            raise _Refused(answer.text)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def _end_with_the_hive(self) -> None:
        """Stop when the hive that started this worker has died: nobody supervises it now."""
        if os.getppid() != self._supervisor:
            _LOG.warning("the hive has gone, stopping")
            os.kill(os.getpid(), signal.SIGTERM)
