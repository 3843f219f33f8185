"""HTTP/2 for one virtual user, by the library ``h2``: requests at once share one connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hormesis.clients.session.call import Call
from hormesis.clients.session.head import quoted
from hormesis.clients.session.transport import Lent, Transport
from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import (
    HttpDisconnected,
    HttpGarbled,
    HttpTimeout,
    HttpTrouble,
    trouble_of,
)
from hormesis.words.clock import Clock
from hormesis.words.metric import MetricSort
from hormesis.words.trouble import CapabilityTrouble, Problem

READ_BYTES = 64 * 1024
_HOP_BY_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding"})


def http2_driver() -> Any:
    """Return the module ``h2`` with its parts.

    Raises:
        CapabilityTrouble: it is not installed.
    """
    try:
        import h2
        import h2.config
        import h2.connection
        import h2.events
        import h2.exceptions
    except ImportError as error:
        raise CapabilityTrouble(
            Problem("the HTTP/2 library is not installed", hint="pip install 'hormesis[http2]'")
        ) from error
    return h2


@dataclass(slots=True)
class Http2Response:
    """An answer, as :class:`hormesis.wire.core.Response` has it."""

    sent_ns: int
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    first_ns: int = 0
    ended_ns: int = 0
    received: int = 0
    special: bool = True

    def header(self, name: str) -> str | None:
        """Return the first header called *name*."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)


@dataclass(slots=True)
class Http2Request:
    """A request: its fields with the pseudo-headers first, and its body."""

    fields: list[tuple[str, str]]
    body: bytes

    def __len__(self) -> int:
        return len(self.body) + sum(len(name) + len(value) for name, value in self.fields)


class Http2Transport(Transport):
    """What carries a user's requests over HTTP/2; in plain text by prior knowledge."""

    __slots__ = ("_lines",)

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        http2_driver()
        self._lines: dict[Origin, Http2Line] = {}

    def prepare(self, method: str) -> None:
        """Do nothing: requests are packed anew for each connection."""

    async def connect(self, timeout_s: float) -> None:
        """Open a connection to the base, if there is one."""
        if self.base is not None:
            await self._line(self.base, timeout_s, self._user.clock.now_ns())

    async def close(self) -> None:
        """Close every connection."""
        for line in self._lines.values():
            await line.close()
        self._lines.clear()
        await super().close()

    async def stream(self, call: Call, asked_ns: int) -> Lent:
        """Refuse.

        Raises:
            ValueError: always.
        """
        raise ValueError("an answer over HTTP/2 is read whole; stream it over HTTP/1.1")

    def _request(
        self,
        method: str,
        origin: Origin,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Any:
        fields = [
            (":method", method),
            (":scheme", "https" if origin.secure else "http"),
            (":authority", origin.authority),
            (":path", quoted(target)),
        ]
        fields += [
            (name.lower(), value)
            for name, value in headers.items()
            if name.lower() not in _HOP_BY_HOP
        ]
        return Http2Request(fields, body or b"")

    def _pool(self, origin: Origin) -> Any:
        return _NoPool(origin)

    async def _answered(
        self, method: str, pool: Any, request: Any, deadline: float, asked_ns: int
    ) -> Any:
        line = await self._line(pool.origin, self._rest(deadline), asked_ns)
        try:
            raw = await line.ask(request, self._rest(deadline))
        except HttpDisconnected as trouble:
            if trouble.sent:
                raise
            line = await self._line(pool.origin, self._rest(deadline), asked_ns)
            raw = await line.ask(request, self._rest(deadline))
        self.sent += len(request)
        self.received += raw.received
        return raw

    async def _line(self, origin: Origin, timeout_s: float, asked_ns: int) -> Http2Line:
        line = self._lines.get(origin)
        if line is None or not line.usable:
            tls = _h2_context(self._verify) if origin.secure else None
            line = self._lines[origin] = Http2Line(self._user.clock)
            await line.open(origin, tls, timeout_s)
            blocked_s = (self._user.clock.now_ns() - asked_ns) / 1e9
            self._user.add(MetricSort.TREND, "http_req_blocked", blocked_s)
        else:
            await line.opened.wait()
        return line


@dataclass(frozen=True, slots=True)
class _NoPool:
    """What stands for a pool where one connection carries everything."""

    origin: Origin
    idle: tuple[int, ...] = (1,)


class Http2Line:
    """One HTTP/2 connection, read by a task of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._h2 = http2_driver()
        self._state: Any = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._asked: dict[int, tuple[Http2Response, asyncio.Future[Http2Response]]] = {}
        self._window = asyncio.Event()
        self._leaving = False
        self.opened = asyncio.Event()

    @property
    def usable(self) -> bool:
        """Return whether further requests may be sent on it, once it is open."""
        return not self._leaving

    async def open(self, origin: Origin, tls: ssl.SSLContext | None, timeout_s: float) -> None:
        """Connect.

        Raises:
            HttpTrouble: it cannot be done in *timeout_s* seconds, or the server speaks no HTTP/2.
        """
        try:
            async with asyncio.timeout(timeout_s):
                self._reader, self._writer = await asyncio.open_connection(
                    origin.host, origin.port, ssl=tls
                )
        except OSError as error:
            self._leaving = True
            self.opened.set()
            raise trouble_of(error, origin.authority) from error
        agreed = self._writer.get_extra_info("ssl_object")
        if agreed is not None and agreed.selected_alpn_protocol() != "h2":
            self._fail(HttpGarbled("the server speaks no HTTP/2", sent=False))
            raise HttpGarbled("the server speaks no HTTP/2", sent=False)
        config = self._h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self._state = self._h2.connection.H2Connection(config)
        self._state.initiate_connection()
        self._flush()
        self._reading = asyncio.create_task(self._read())
        self.opened.set()

    async def ask(self, request: Http2Request, timeout_s: float) -> Http2Response:
        """Send *request* and return its answer.

        Raises:
            HttpTrouble: there is none.
        """
        if self._leaving or self._state is None:
            raise HttpDisconnected("the connection was closed", sent=False)
        state = self._state
        number = state.get_next_available_stream_id()
        asked = Http2Response(self._clock.now_ns())
        future: asyncio.Future[Http2Response] = asyncio.get_running_loop().create_future()
        self._asked[number] = asked, future
        try:
            async with asyncio.timeout(timeout_s):
                state.send_headers(number, request.fields, end_stream=not request.body)
                self._flush()
                await self._send_body(number, request.body)
                return await future
        except TimeoutError as error:
            if isinstance(error, HttpTrouble):
                raise
            raise HttpTimeout("no whole answer in time", sent=True) from None
        finally:
            self._asked.pop(number, None)
            if not future.done() and not self._leaving:
                with suppress(self._h2.exceptions.ProtocolError):
                    state.reset_stream(number, error_code=8)
                    self._flush()

    async def close(self) -> None:
        """Close the connection."""
        if self._state is not None and not self._leaving:
            self._state.close_connection()
            self._flush()
        self._fail(HttpDisconnected("closed", sent=True))
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})

    async def _send_body(self, number: int, body: bytes) -> None:
        state = self._state
        while body:
            room = min(state.local_flow_control_window(number), state.max_outbound_frame_size)
            if self._leaving:
                return
            if room <= 0:
                self._window.clear()
                await self._window.wait()
                continue
            state.send_data(number, body[:room], end_stream=len(body) <= room)
            body = body[room:]
            self._flush()

    async def _read(self) -> None:
        assert self._reader is not None
        trouble: HttpTrouble = HttpDisconnected("connection ended: closed", sent=True)
        try:
            while data := await self._reader.read(READ_BYTES):
                for event in self._state.receive_data(data):
                    self._take(event)
                self._flush()
        except OSError as error:
            trouble = HttpDisconnected(f"connection ended: {error}", sent=True)
        except self._h2.exceptions.ProtocolError as error:
            trouble = HttpGarbled(f"not HTTP/2: {error}", sent=True)
        finally:
            self._fail(trouble)

    def _take(self, event: Any) -> None:
        events = self._h2.events
        if isinstance(event, events.WindowUpdated | events.RemoteSettingsChanged):
            self._window.set()
        if isinstance(event, events.ConnectionTerminated):
            self._leaving = True
        asked, future = self._asked.get(getattr(event, "stream_id", 0) or 0, (None, None))
        if isinstance(event, events.DataReceived):
            self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if asked is None or future is None or future.done():
            return
        if isinstance(event, events.ResponseReceived):
            asked.first_ns = self._clock.now_ns()
            asked.status = int(dict(event.headers)[":status"])
            asked.headers = [one for one in event.headers if not one[0].startswith(":")]
            asked.received += sum(len(name) + len(value) for name, value in event.headers)
        elif isinstance(event, events.DataReceived):
            asked.body += event.data
            asked.received += len(event.data)
        elif isinstance(event, events.StreamEnded):
            asked.ended_ns = self._clock.now_ns()
            future.set_result(asked)
        elif isinstance(event, events.StreamReset):
            # REFUSED_STREAM is the promise that nothing was done (RFC 9113, 8.7).
            sent = event.error_code != 7
            future.set_exception(HttpDisconnected("the stream was reset", sent=sent))

    def _flush(self) -> None:
        assert self._writer is not None
        if data := self._state.data_to_send():
            self._writer.write(data)

    def _fail(self, trouble: HttpTrouble) -> None:
        self._leaving = True
        self._window.set()
        for _, future in self._asked.values():
            if not future.done():
                future.set_exception(trouble)
        if self._writer is not None:
            self._writer.close()


@lru_cache(maxsize=4)
def _h2_context(verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
