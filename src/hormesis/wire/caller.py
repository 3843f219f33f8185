"""Caller: sends the requests of one session that need nothing special, and records their answers.

Whatever is not plain goes the session's long way, from where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from time import monotonic_ns
from typing import Any, Protocol

from hormesis.wire.reply import Reply

Words = tuple[str, str, str, bytes | None, str]
"""What a request was asked for with: method, URL, name, body and the body's type."""


class Session(Protocol):
    """Whoever sees to what is not plain."""

    @property
    def request(self) -> Callable[..., Any]:
        """What sends a request with any options, its method first."""
        ...

    def go_the_long_way(self, words: Words) -> Coroutine[Any, Any, Any]:
        """Answer a request that was not sent."""
        ...

    def got_nothing(
        self, connection: Any, words: Words, error: BaseException, took_ns: int
    ) -> Coroutine[Any, Any, Any]:
        """Answer a request that ended without an answer, or pass on what cut it off."""
        ...

    def got_special(self, connection: Any, words: Words, raw: Any) -> Coroutine[Any, Any, Any]:
        """Answer a request whose answer is not plain."""
        ...

    def coded(self, method: str, name: str, status: int) -> tuple[int, Callable[[float], None]]:
        """Return the code of an operation's label, and what adds to the waiting times."""
        ...

    def flush(self) -> None:
        """Give what was counted to the metrics."""
        ...


class Caller:
    """The short way of one session's requests; it has no attribute that anybody needs."""

    __slots__ = (
        "_answer", "_codes", "_due_next_flush", "_flush_ns", "_listeners", "_received", "_sent",
        "_session", "_timeout_ns", "_transport", "_user",
    )  # fmt: skip

    def __init__(
        self,
        session: Session,
        *,
        user: Any,
        transport: Any,
        listeners: list[Any],
        answer: type[Reply],
        timeout_ns: int,
        flush_ns: int,
    ) -> None:
        """Take what requests need.

        ``transport`` has ``prepared`` requests by method, ``idle`` connections, and who is
        ``waiting`` for one; ``answer`` is what a script gets. While there are ``listeners``, every
        request goes the long way. The session is told to flush every ``flush_ns``.
        """
        self._session = session
        self._user = user
        self._transport = transport
        self._listeners = listeners
        self._answer = answer
        self._timeout_ns = timeout_ns
        self._flush_ns = flush_ns
        self._codes: dict[tuple[Any, ...], tuple[int, Callable[[float], None]]] = {}
        self._due_next_flush = 0
        self._sent = 0
        self._received = 0

    def get(self, *url: str, name: str = "", **options: Any) -> Any:
        """Send a GET request; the session sees to one with other options than a name."""
        if options or len(url) != 1:
            return self._session.request("GET", *url, name=name, **options)
        return self.ask("GET", url[0], name)

    def take(self) -> tuple[int, int]:
        """Return the bytes sent and received since the last call."""
        taken = self._sent, self._received
        self._sent = self._received = 0
        return taken

    async def ask(
        self, method: str, url: str, name: str = "", body: bytes | None = None, kind: str = ""
    ) -> Any:
        """Send a request and return its answer."""
        transport = self._transport
        heads, idle = transport.prepared.get(method), transport.idle
        head = None if heads is None or not idle else heads.get(url) or heads.make(url)
        # One that the server closed meanwhile is left for whoever looks through all of them.
        if head is None or self._listeners or not (connection := idle[-1]).usable:
            return await self._session.go_the_long_way((method, url, name, body, kind))
        idle.pop()
        name = name or head.name
        request = head.request if body is None else head.with_body(body, kind)
        asked_ns = monotonic_ns()
        try:
            raw = await connection.exchange(request, self._timeout_ns)
        except BaseException as error:  # noqa: BLE001 - passed on, unless it is an HttpTrouble
            words = method, url, name, body, kind
            took_ns = monotonic_ns() - asked_ns
            return await self._session.got_nothing(connection, words, error, took_ns)
        status = raw.status
        if status >= 300 or raw.special or transport.waiting:
            words = method, url, name, body, kind
            return await self._session.got_special(connection, words, raw)
        idle.append(connection)
        self._record(name, method, raw, len(request))
        return self._answer(raw, status, method, url)

    def _record(self, name: str, method: str, raw: Any, size: int) -> None:
        user = self._user
        sent_ns, ended_ns = raw.sent_ns, raw.ended_ns
        key = name, raw.status, user.tagging, method
        known = self._codes.get(key)
        if known is None:
            self._codes.clear()
            known = self._codes[key] = self._session.coded(method, name, raw.status)
        code, add_wait = known
        user.record(code, user.take_due_ns(sent_ns), sent_ns, ended_ns)
        add_wait((raw.first_ns - sent_ns) / 1e9)
        self._sent += size
        self._received += raw.received
        if ended_ns > self._due_next_flush:
            self._due_next_flush = ended_ns + self._flush_ns
            self._session.flush()
