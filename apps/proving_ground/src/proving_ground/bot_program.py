"""One worker: claim a job, work for as long as it says, complete it, and survive outages."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import random
import secrets
import signal
from collections.abc import Mapping
from typing import Any

import httpx

from proving_ground.program_log import log_to_stderr
from proving_ground.supervised import supervised
from proving_ground.usage import UsageError

_LOG = logging.getLogger(__name__)
_REQUEST_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_BACKOFF_FIRST_S = 0.1
_BACKOFF_MOST_S = 2.0
_IDLE_S = 0.2
_LAST_WORDS_S = 3.0
_WORTH_FINISHING_S = 1.0


def run_bot(server: str, name: str, kinds: tuple[str, ...], heartbeat_s: float) -> int:
    """Work until SIGTERM or SIGINT; return the exit status.

    Raises ``UsageError`` when ``server`` is not an HTTP address.
    """
    if not server.startswith(("http://", "https://")):
        raise UsageError(f"--server: an address such as http://host:port was expected: {server!r}")
    log_to_stderr()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    asyncio.run(_Bot(server, name, kinds, heartbeat_s).run())
    return 0


class _GaveUp(Exception):
    """There was no time left to get an answer."""


class _Bot:
    """The worker's state: who it is and whether it is to stop."""

    def __init__(self, server: str, name: str, kinds: tuple[str, ...], heartbeat_s: float) -> None:
        self._server = server
        self._name = name
        self._kinds = kinds
        self._heartbeat_s = heartbeat_s
        self._id = ""
        self._stop = asyncio.Event()
        self._stopped_at_s = 0.0
        self._random = random.Random(secrets.randbits(64))

    async def run(self) -> None:
        """Register, then work and send heartbeats until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop_now)
        async with httpx.AsyncClient(base_url=self._server, timeout=_REQUEST_TIMEOUT) as client:
            with contextlib.suppress(_GaveUp):
                answer = await self._ask(
                    client, "/api/bots", {"name": self._name, "kinds": list(self._kinds)}
                )
                self._id = answer.json()["id"]
                _LOG.info("registered as %s", self._id)
                await self._live(client)
        _LOG.info("stopped")

    def _stop_now(self) -> None:
        self._stopped_at_s = asyncio.get_running_loop().time()
        self._stop.set()

    async def _live(self, client: httpx.AsyncClient) -> None:
        beating = asyncio.create_task(
            supervised("heartbeat", functools.partial(self._beat, client)), name="heartbeat"
        )
        try:
            while not self._stop.is_set():
                job = await self._claim(client)
                if job is None:
                    await self._wait(_IDLE_S * self._random.uniform(0.5, 1.5))
                else:
                    await self._work(client, job)
        finally:
            beating.cancel()
            await asyncio.wait([beating])

    async def _beat(self, client: httpx.AsyncClient) -> None:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                await client.post(f"/api/bots/{self._id}/heartbeat")
            await asyncio.sleep(self._heartbeat_s)

    async def _claim(self, client: httpx.AsyncClient) -> Mapping[str, Any] | None:
        for kind in self._kinds:
            # The same request_id on every repetition: a lost answer does not cost a job.
            request = {"bot_id": self._id, "kind": kind, "request_id": secrets.token_hex(8)}
            answer = await self._ask(client, "/api/jobs/claim", request)
            if answer.status_code == 200:
                job: Mapping[str, Any] = answer.json()["job"]
                return job
        return None

    async def _work(self, client: httpx.AsyncClient, job: Mapping[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        done_at_s = loop.time() + job["work_ms"] / 1000
        await self._wait(done_at_s - loop.time())
        left_s = done_at_s - loop.time()
        if 0 < left_s <= _WORTH_FINISHING_S:
            await asyncio.sleep(left_s)
            left_s = 0.0
        verb = "complete" if left_s <= 0 else "release"
        request = {"bot_id": self._id, "attempt": job["attempt"]}
        answer = await self._ask(client, f"/api/jobs/{job['id']}/{verb}", request)
        if answer.status_code != 200:
            _LOG.warning("%s of %s was refused: %s", verb, job["id"], answer.text)

    async def _ask(
        self, client: httpx.AsyncClient, path: str, body: Mapping[str, Any]
    ) -> httpx.Response:
        """Ask until there is an answer other than "not now", with exponential backoff.

        Once the bot is to stop, the answer must come within a few seconds; else ``_GaveUp``.
        """
        backoff_s = _BACKOFF_FIRST_S
        while True:
            try:
                answer = await client.post(path, json=body)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
                reason = f"{answer.status_code} {answer.text[:200]}"
            except httpx.HTTPError as error:
                reason = f"{type(error).__name__}: {error}"
            stopped = self._stop.is_set()
            now_s = asyncio.get_running_loop().time()
            if stopped and (not self._id or now_s > self._stopped_at_s + _LAST_WORDS_S):
                raise _GaveUp
            _LOG.warning("%s: %s; again within %.1f s", path, reason, backoff_s)
            pause_s = backoff_s * self._random.uniform(0.5, 1.0)
            if stopped:
                await asyncio.sleep(pause_s)
            else:
                await self._wait(pause_s)
            backoff_s = min(_BACKOFF_MOST_S, backoff_s * 2)

    async def _wait(self, seconds: float) -> None:
        """Wait, but not when the bot is to stop."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), max(0.0, seconds))
