"""Redis for one virtual user: each command is one recorded operation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from hormesis.host.redis import redis_driver
from hormesis.words.client import User

CLIENT_NAME = "hormesis-load"


class RedisSession:
    """One connection, opened when it is first needed and again when it was lost.

    ``await redis.command("SET", "k", 1)``, or ``await redis.set("k", 1)``. What the server refused
    is *fail*, its code the error; a lost connection and a time-out are *info*. The exception goes
    on, and ends the iteration.
    """

    def __init__(self, user: User, url: str, *, timeout: float = 30.0) -> None:
        self._user = user
        self._timeout_s = timeout
        self._driver = redis_driver()
        self._client = self._driver.Redis.from_url(
            url, decode_responses=True, client_name=CLIENT_NAME, single_connection_client=True,
            socket_connect_timeout=timeout, retry=None,
        )  # fmt: skip

    async def command(self, *words: Any, name: str = "") -> Any:
        """Send one command and return its reply."""
        driver = self._driver
        async with self._user.op(name or str(words[0]).upper()) as recording:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._client.execute_command(*words)
            except driver.ResponseError as error:
                code = str(error).partition(" ")[0].strip(":").lower()
                recording.note(answer=str(error)[:120])
                recording.fail(f"redis-{code or 'error'}")
                raise
            except (TimeoutError, driver.TimeoutError):
                recording.info("timeout")
                await self._hang_up()
                raise
            except driver.ConnectionError as error:
                # The driver hides the operating system's error, but for its number.
                refused = "Connection refused" in str(error) or "Error 111 " in str(error)
                if refused:
                    recording.fail("refused")
                else:
                    recording.info("disconnected")
                await self._hang_up()
                raise

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*words: Any, **options: Any) -> Coroutine[Any, Any, Any]:
            return self.command(name.upper(), *words, **options)

        return call

    async def ready(self) -> None:
        """Connect ahead of the first command, which tries again if this fails."""
        try:
            await self._client.initialize()
        except (self._driver.RedisError, OSError):
            return

    async def close(self) -> None:
        """Close the connection."""
        await self._hang_up()

    async def _hang_up(self) -> None:
        try:
            async with asyncio.timeout(0.5):
                await self._client.aclose()
        except (TimeoutError, OSError):
            return
