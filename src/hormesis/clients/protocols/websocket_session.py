"""WebSockets for one virtual user, by the library ``websockets``."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any

from hormesis.clients.session.pool import tls_context
from hormesis.words.client import User
from hormesis.words.metric import MetricSort
from hormesis.words.trouble import CapabilityTrouble, Problem

CONNECT = "connect"
"""What the operation of connecting is called, unless a session is told another name."""


def websocket_driver() -> Any:
    """Return the module ``websockets``.

    Raises:
        CapabilityTrouble: it is not installed.
    """
    try:
        import websockets
        import websockets.asyncio.client
        import websockets.exceptions
    except ImportError as error:
        raise CapabilityTrouble(
            Problem(
                "the WebSocket library is not installed",
                hint="pip install 'hormesis[websocket]'",
            )
        ) from error
    return websockets


class WebSocketSession(AbstractAsyncContextManager["WebSocketSession"]):
    """One connection: ``async with user.ws("ws://…") as ws: await ws.ask("ping")``.

    Connecting is an operation (``connect``), and so is each ``ask``, from the message to its
    answer. ``send`` and ``receive`` are only counted. Metrics are k6's: ``ws_sessions``,
    ``ws_connecting``, ``ws_session_duration``, ``ws_msgs_sent``, ``ws_msgs_received``.
    """

    def __init__(
        self,
        user: User,
        url: str,
        *,
        name: str = CONNECT,
        timeout: float = 30.0,
        verify: bool = True,
        headers: dict[str, str] | None = None,
    ) -> None:
        self._user = user
        self._url = url
        self._name = name
        self._timeout_s = timeout
        self._verify = verify
        self._headers = headers
        self._driver = websocket_driver()
        self._connection: Any = None
        self._opened_s = 0.0

    async def __aenter__(self) -> WebSocketSession:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        """Return whether messages may be sent."""
        return self._connection is not None

    async def connect(self) -> None:
        """Open the connection; one operation."""
        user = self._user
        began_s = user.clock.now()
        tls = tls_context(self._verify) if self._url.startswith("wss:") else None
        exceptions = self._driver.exceptions
        async with user.op(self._name) as recording:
            try:
                async with asyncio.timeout(self._timeout_s):
                    self._connection = await self._driver.connect(
                        self._url, ssl=tls, additional_headers=self._headers, open_timeout=None
                    )
            except exceptions.InvalidStatus as error:
                recording.fail(f"http-{error.response.status_code}")
                raise
            except (exceptions.InvalidHandshake, exceptions.InvalidURI):
                recording.fail("bad-handshake")
                raise
        self._opened_s = user.clock.now()
        user.add(MetricSort.COUNTER, "ws_sessions", 1)
        user.add(MetricSort.TREND, "ws_connecting", self._opened_s - began_s)

    async def ready(self) -> None:
        """Connect ahead of the first message, which tries again if this fails."""
        try:
            await self.connect()
        except (OSError, self._driver.exceptions.WebSocketException):
            return

    async def ask(self, message: str | bytes, *, name: str = "ask") -> str | bytes:
        """Send a message and return the next one that comes; one operation."""
        async with self._user.op(name) as recording:
            try:
                await self.send(message)
                return await self.receive()
            except self._driver.exceptions.ConnectionClosed:
                recording.info("disconnected")
                await self.close()
                raise
            except TimeoutError:
                # The answer may still come, and must not be taken for the next message's.
                recording.info("timeout")
                await self.close()
                raise

    async def send(self, message: str | bytes) -> None:
        """Send a message."""
        await self._connection.send(message)
        self._user.add(MetricSort.COUNTER, "ws_msgs_sent", 1)

    async def receive(self, timeout: float | None = None) -> str | bytes:
        """Return the next message.

        Raises:
            TimeoutError: none came in *timeout* seconds.
        """
        async with asyncio.timeout(self._timeout_s if timeout is None else timeout):
            message: str | bytes = await self._connection.recv()
        self._user.add(MetricSort.COUNTER, "ws_msgs_received", 1)
        return message

    async def close(self) -> None:
        """Close the connection in good order."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
            lasted_s = self._user.clock.now() - self._opened_s
            self._user.add(MetricSort.TREND, "ws_session_duration", lasted_s)
