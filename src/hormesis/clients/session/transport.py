"""What carries a user's requests: connections by origin, headers, cookies, redirects, encodings."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.clients.session.answer import FullAnswer, Nothing
from hormesis.clients.session.call import IDEMPOTENT, Call
from hormesis.clients.session.cookies import Cookies
from hormesis.clients.session.decoding import Undecodable, accepted, decoded
from hormesis.clients.session.head import (
    BODILESS,
    HEADS_MAX_OWN,
    Heads,
    heads_of,
    placed,
    request_line,
    url_of,
)
from hormesis.clients.session.headers import Headers
from hormesis.clients.session.outcome import outcome_of, unexpected
from hormesis.clients.session.pool import Pool, tls_context
from hormesis.clients.session.redirect import REDIRECTS_MAX, next_hop
from hormesis.clients.session.redirect import STATUSES as REDIRECTING
from hormesis.clients.session.shared_wire import give_wire_back, take_wire
from hormesis.host.http_header import block_of, merged
from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import HttpDisconnected, HttpTrouble
from hormesis.wire.core import Connection, Response, Wire
from hormesis.words.client import User
from hormesis.words.metric import MetricSort
from hormesis.words.op import Ended

_ACROSS = frozenset({"authorization", "cookie", "host"})
"""Headers of one call that do not follow a redirect to another origin."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A connection that is used for one streamed answer."""

    pool: Pool
    connection: Connection
    stream: Any


class Transport:
    """The connections and the memory of one user's HTTP session."""

    __slots__ = (
        "_base_pool", "_cookies", "_limit", "_pools", "_user", "_verify", "_wire",
        "base", "headers", "idle", "prepared", "received", "sent", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        user: User,
        base: str,
        headers: Mapping[str, str],
        *,
        verify: bool,
        connections: int,
    ) -> None:
        self.base = Origin.of(base) if base else None
        self.prepared: dict[str, Heads] = {}
        """Requests to the base by method; emptied when headers or cookies have changed."""
        self.idle: list[Connection] = []
        """The idle connections to the base."""
        self.waiting: Collection[asyncio.Future[None]] = ()
        """Whoever waits for a connection to the base."""
        self._base_pool: Pool | None = None
        self.sent = 0
        self.received = 0
        self.headers = Headers(headers, self.forget)
        self._cookies: Cookies | None = None
        self._pools: dict[tuple[str, int, bool], Pool] = {}
        self._user = user
        self._verify = verify
        self._limit = connections
        self._wire: Wire | None = None

    @property
    def cookies(self) -> Cookies:
        """Return the user's cookies."""
        if self._cookies is None:
            self._cookies = Cookies(self.forget)
        return self._cookies

    def forget(self) -> None:
        """Forget prepared requests, because headers or cookies have changed."""
        self.prepared.clear()

    def keep(self, connection: Connection) -> None:
        """Take back a connection to the base whose answer was read whole."""
        assert self._base_pool is not None
        self._base_pool.give(connection)

    def lose(self, connection: Connection) -> None:
        """Close a connection to the base for good."""
        assert self._base_pool is not None
        self._base_pool.drop(connection)

    async def play(self, call: Call, asked_ns: int, first: Response | None = None) -> FullAnswer:
        """Return what came of *call*, with how its operation ended; never raises for trouble.

        *first* is the answer to its first request, when that has been sent already.
        """
        if first is None and self.idle and not call.headers:
            try:
                first = await self._straight(call)
            except HttpTrouble as trouble:
                return self.nothing(call, call.url, trouble.sent_ns, trouble, 0)
        if first is not None and not first.special and first.status not in REDIRECTING:
            return self._whole(call, first, call.method, call.url, 0)
        spent_s = (self._user.clock.now_ns() - asked_ns) / 1e9
        deadline = asyncio.get_running_loop().time() + call.timeout_s - spent_s
        method, url, body, hops = call.method, call.url, call.body, 0
        began_ns, blocked = 0, False
        extra = dict(call.headers or {})
        while True:
            try:
                origin, target = placed(url, self.base)
                url = url_of(origin, target)
                if first is None:
                    request = self._written(method, origin, target, extra, body, call.content_type)
                    pool = self._pool(origin)
                    blocked |= not pool.idle
                    raw = await self._answered(method, pool, request, deadline, asked_ns)
                else:
                    raw, first = first, None
            except HttpTrouble as trouble:
                return self.nothing(call, url, asked_ns, trouble, hops)
            except ValueError as error:
                call.note["answer"] = str(error)
                return self._nothing(call, url, asked_ns, Ended.FAIL, "bad-request", hops)
            began_ns = began_ns or (asked_ns if blocked else raw.sent_ns)
            self._keep_cookies(url, raw)
            hop = next_hop(method, raw.status, raw.header("location"), url) if call.follow else None
            if hop is None:
                answer = self._whole(call, raw, method, url, hops)
                answer.began_ns = began_ns
                return answer
            if hops == REDIRECTS_MAX:
                ended = unexpected(call.method)
                return self._nothing(call, url, asked_ns, ended, "too-many-redirects", hops)
            if hop[0] != method:
                body = None
            method, url = hop
            hops += 1
            if not url.startswith(url_of(origin, "/")):
                extra = {k: v for k, v in extra.items() if k.lower() not in _ACROSS}

    async def _straight(self, call: Call) -> Response | None:
        """Return the answer to a prepared request over an idle connection; None for the long way.

        Raises:
            HttpTrouble: there is none, and it may have happened.
        """
        heads, connection = self.prepared.get(call.method), self.idle[-1]
        head = heads.get(call.url) or heads.make(call.url) if heads is not None else None
        if head is None or not connection.usable or call.method == "HEAD":
            return None
        self.idle.pop()
        request = (
            head.request if call.body is None else head.with_body(call.body, call.content_type)
        )
        try:
            raw = await connection.exchange(request, int(call.timeout_s * 1e9))
        except HttpDisconnected as trouble:
            self.lose(connection)
            if trouble.sent and not (trouble.stale and call.method in IDEMPOTENT):
                raise
            return None
        except BaseException:
            self.lose(connection)
            raise
        self.sent += len(request)
        self.received += raw.received
        self.keep(connection)
        return raw

    async def stream(self, call: Call, asked_ns: int) -> Lent:
        """Return a connection on which *call* is about to be streamed.

        Raises:
            HttpTrouble: none can be opened.
            ValueError: the call cannot be written.
        """
        origin, target = placed(call.url, self.base)
        extra = {"Accept-Encoding": "identity", **(call.headers or {})}
        request = self._written(call.method, origin, target, extra, call.body, call.content_type)
        pool = self._pool(origin)
        connection, fresh = await pool.take(call.timeout_s)
        if fresh:
            self._time(connection, asked_ns)
        stream = connection.stream(request, int(call.timeout_s * 1e9), head=call.method == "HEAD")
        self.sent += len(request)
        return Lent(pool, connection, stream)

    def end_stream(self, lent: Lent) -> None:
        """Take back what was lent; what has not been read of the answer is given up."""
        lent.stream.close()
        lent.pool.give(lent.connection)

    async def connect(self, timeout_s: float) -> None:
        """Open a connection to the base, if there is one.

        Raises:
            HttpTrouble: it cannot be opened in time.
        """
        if self.base is not None and not self.idle:
            asked_ns = self._user.clock.now_ns()
            pool = self._pool(self.base)
            await pool.ahead(timeout_s, lambda connection: self._time(connection, asked_ns))

    def prepare(self, method: str) -> Heads | None:
        """Have requests to the base prepared, so that each is made once; None without a base."""
        heads = self.prepared.get(method)
        if heads is not None or self.base is None:
            return heads
        block = block_of(merged(self._standing(self.base), self.headers))
        if self._cookies:
            heads = Heads(method, self.base, block, HEADS_MAX_OWN, self._cookies.header)
        else:
            heads = heads_of(method, self.base, block)
        self.prepared[method] = heads
        return heads

    def age(self) -> None:
        """Forget prepared requests that carry a cookie which may have expired; call it often."""
        if self._cookies is not None and self._cookies.expires:
            self.forget()

    async def close(self) -> None:
        """Close every connection; the session may not be used afterwards."""
        for pool in self._pools.values():
            pool.close()
        self._pools.clear()
        if self._wire is not None:
            self._wire = None
            give_wire_back()

    def _written(
        self,
        method: str,
        origin: Origin,
        target: str,
        extra: Mapping[str, str],
        body: bytes | None,
        content_type: str,
    ) -> Any:
        if not extra and origin is self.base and (heads := self.prepare(method)) is not None:
            path = target[len(origin.prefix) :]
            if (head := heads.get(path) or heads.make(path)) is not None:
                return head.request if body is None else head.with_body(body, content_type)
        layers: list[Mapping[str, str]] = [self._standing(origin), self.headers]
        if self._cookies and (line := self._cookies.header(url_of(origin, target))):
            layers.append({"Cookie": line})
        if body is not None:
            layers.append({"Content-Type": content_type} if content_type else {})
        layers.append(extra)
        length = len(body) if body is not None else None if method in BODILESS else 0
        if length is not None:
            layers.append({"Content-Length": str(length)})
        return self._request(method, origin, target, merged(*layers), body)

    def _request(
        self,
        method: str,
        origin: Origin,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Any:
        """Return a request as it is sent; *origin* is where."""
        head = request_line(method, target) + block_of(headers) + "\r\n"
        return head.encode("latin-1") + (body or b"")

    def _standing(self, origin: Origin) -> Mapping[str, str]:
        return {
            "Host": origin.authority,
            "User-Agent": "hormesis",
            "Accept": "*/*",
            "Accept-Encoding": accepted(),
        }

    async def _answered(
        self, method: str, pool: Pool, request: bytes, deadline: float, asked_ns: int
    ) -> Response:
        while True:
            connection, fresh = await pool.take(self._rest(deadline))
            if fresh:
                self._time(connection, asked_ns)
            rest_ns = int(self._rest(deadline) * 1e9)
            try:
                raw = await connection.exchange(request, rest_ns, head=method == "HEAD")
            except HttpDisconnected as trouble:
                pool.drop(connection)
                stale = not fresh and (not trouble.sent or (trouble.stale and method in IDEMPOTENT))
                if not stale:
                    raise
            except BaseException:
                pool.drop(connection)
                raise
            else:
                self.sent += len(request)
                self.received += raw.received
                pool.give(connection)
                return raw

    def _rest(self, deadline: float) -> float:
        return max(0.0005, deadline - asyncio.get_running_loop().time())

    def _pool(self, origin: Origin) -> Pool:
        key = origin.host, origin.port, origin.secure
        pool = self._pools.get(key)
        if pool is None:
            if self._wire is None:
                self._wire = take_wire(self._user.clock)
            tls = tls_context(self._verify) if origin.secure else None
            pool = self._pools[key] = Pool(origin, self._wire, tls, self._limit)
            if self.base is not None and key == (self.base.host, self.base.port, self.base.secure):
                self._base_pool, self.idle, self.waiting = pool, pool.idle, pool.waiting
        return pool

    def _time(self, connection: Connection, asked_ns: int) -> None:
        """Tell what opening took; requests over open connections have nothing to tell."""
        add, trend = self._user.add, MetricSort.TREND
        add(trend, "http_req_blocked", (self._user.clock.now_ns() - asked_ns) / 1e9)
        add(trend, "http_req_connecting", connection.connecting_ns / 1e9)
        if connection.handshaking_ns:
            add(trend, "http_req_tls_handshaking", connection.handshaking_ns / 1e9)

    def _keep_cookies(self, url: str, raw: Response) -> None:
        if raw.special:
            lines = [value for name, value in raw.headers if name.lower() == "set-cookie"]
            if lines:
                self.cookies.keep(url, lines)

    def _whole(self, call: Call, raw: Response, method: str, url: str, hops: int) -> FullAnswer:
        answer = FullAnswer(raw, raw.status, method, url)
        answer.redirects = hops
        answer.ended, answer.word = outcome_of(call.method, raw.status, call.expect, call.definite)
        if hops:
            call.note.update(redirects=hops, url=url)
        if raw.special and (encoding := raw.header("content-encoding")):
            try:
                answer.body = decoded(raw.body, encoding)
            except Undecodable as error:
                answer.error, answer.ended = "bad-encoding", unexpected(call.method)
                answer.word = answer.error
                call.note["answer"] = str(error)
        return answer

    def nothing(
        self, call: Call, url: str, asked_ns: int, trouble: HttpTrouble, hops: int
    ) -> FullAnswer:
        """Return what stands for the answer that *trouble* kept from coming."""
        ended = Ended.INFO if trouble.sent or hops else Ended.FAIL
        return self._nothing(call, url, asked_ns, ended, trouble.word, hops)

    def _nothing(
        self, call: Call, url: str, asked_ns: int, ended: Ended, word: str, hops: int
    ) -> FullAnswer:
        raw = Nothing(asked_ns, self._user.clock.now_ns())
        answer = FullAnswer(raw, 0, call.method, url)
        answer.error = answer.word = word
        answer.ended = ended
        answer.redirects = hops
        return answer
