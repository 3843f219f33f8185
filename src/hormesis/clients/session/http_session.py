"""HttpSession: the HTTP of one virtual user; every request is one recorded operation."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Unpack

from hormesis.clients.protocols.http2 import Http2Transport
from hormesis.clients.session.answer import Answer, FullAnswer
from hormesis.clients.session.body import body_of, with_params
from hormesis.clients.session.call import IDEMPOTENT, Call, Options
from hormesis.clients.session.cookies import Cookies
from hormesis.clients.session.head import name_of
from hormesis.clients.session.headers import Headers
from hormesis.clients.session.listeners import LISTENERS, tell
from hormesis.clients.session.outcome import Expected, outcome_of
from hormesis.clients.session.pool import CONNECTIONS_MAX
from hormesis.clients.session.streamed import Streamed
from hormesis.clients.session.transport import Transport
from hormesis.host.http_trouble import HttpDisconnected, HttpTrouble
from hormesis.wire.caller import Words
from hormesis.wire.core import Caller, Connection, Response
from hormesis.words.client import User
from hormesis.words.metric import MetricSort
from hormesis.words.op import Ended

FLUSH_NS = 500_000_000
"""How often counted bytes go to the metrics, in nanoseconds."""
LABELS_MAX = 512
"""How many different labels a session remembers the codes of."""


class HttpSession:
    """A user's HTTP session: keep-alive connections, cookies, redirects, and the records.

    A request without an answer raises nothing: its ``status`` is 0 and ``error`` says why. What an
    answer means: below 400 *ok*; 4xx *fail*; 5xx *fail* for GET and HEAD, else *info*, since it may
    have happened; a time-out or a lost connection *info*; a refused connection *fail*.
    """

    __slots__ = (
        "_based", "_caller", "_due_next_flush", "_expect", "_follow", "_judge", "_labels",
        "_owner", "_quick", "_user", "get", "recorded", "timeout_s", "transport", "unanswered",
    )  # fmt: skip

    get: Callable[..., Any]
    """Send a GET request: ``get(url, name=…)``, with the options of :meth:`request`."""

    def __init__(
        self,
        user: User,
        base: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        verify: bool = True,
        connections: int = CONNECTIONS_MAX,
        http2: bool = False,
        follow: bool = True,
        expect: Expected = None,
        judge: Callable[[Call, FullAnswer], None] | None = None,
        owner: str = "the session",
    ) -> None:
        """Make a session that connects when it is first needed.

        ``follow`` and ``expect`` stand for ``allow_redirects`` and ``expect`` of requests that do
        not say. ``judge`` may change how an answer that is not plainly ok is recorded. ``owner`` is
        what has no base if it has none, for the message.
        """
        self._user = user
        self._follow = follow
        self._expect = expect
        self._judge = judge
        self._owner = owner
        self._based = bool(base)
        carrier = Http2Transport if http2 else Transport
        self.transport: Transport = carrier(
            user, base, headers or {}, verify=verify, connections=connections
        )
        self.timeout_s = timeout
        self._labels: dict[tuple[Any, ...], int] = {}
        self._due_next_flush = 0
        self._caller = Caller(
            self,
            user=user,
            transport=self.transport,
            listeners=LISTENERS,
            answer=Answer,
            timeout_ns=int(timeout * 1e9),
            flush_ns=FLUSH_NS,
        )
        # Bound here, so that nothing stands between a script and the way that has to be short.
        self.get = self._caller.get
        self._quick = self._caller.ask
        self.unanswered = False
        """Whether a request got no answer since somebody last set this to False."""
        self.recorded: BaseException | None = None
        """The judgement that left an ``async with`` block last; its operation tells of it."""

    @property
    def headers(self) -> Headers:
        """Return the headers of every request, to be changed at will."""
        return self.transport.headers

    @property
    def cookies(self) -> Cookies:
        """Return the user's cookies."""
        return self.transport.cookies

    # One method for each HTTP method. With catch=True it is for ``async with``: the block judges.

    def head(self, url: str, **options: Any) -> Any:
        """Send a HEAD request."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Any:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def delete(self, url: str, *, name: str = "", **options: Any) -> Any:
        """Send a DELETE request."""
        if options:
            return self.request("DELETE", url, name=name, **options)
        return self._quick("DELETE", url, name)

    def post(
        self, url: str, data: Any = None, *, json: Any = None, name: str = "", **options: Any
    ) -> Any:
        """Send a POST request."""
        if options:
            return self.request("POST", url, data=data, json=json, name=name, **options)
        body, kind = body_of(self._boundary, json_value=json, data=data)
        return self._quick("POST", url, name, body, kind)

    def put(
        self, url: str, data: Any = None, *, json: Any = None, name: str = "", **options: Any
    ) -> Any:
        """Send a PUT request."""
        if options:
            return self.request("PUT", url, data=data, json=json, name=name, **options)
        body, kind = body_of(self._boundary, json_value=json, data=data)
        return self._quick("PUT", url, name, body, kind)

    def patch(self, url: str, data: Any = None, **options: Any) -> Any:
        """Send a PATCH request."""
        return self.request("PATCH", url, data=data, **options)

    def request(
        self,
        method: str,
        url: str,
        *,
        name: str = "",
        catch: bool = False,
        catch_response: bool = False,
        stream: bool = False,
        **options: Unpack[Options],
    ) -> Any:
        """Send a request; see :class:`Options`.

        Returns:
            An awaitable of its :class:`Answer`; with *stream* a :class:`Streamed`; with *catch* an
            async context manager, whose block calls ``failure`` or ``success`` on the answer, or
            leaves it as it is.

        Raises:
            ValueError: the options contradict each other.
        """
        call = self._call(method, url, name, options)
        if stream:
            return Streamed(self, call)
        return Caught(self, call) if catch or catch_response else self._send(call)

    def stream(
        self, method: str, url: str, *, name: str = "", **options: Unpack[Options]
    ) -> Streamed:
        """Send a request whose answer is read in pieces; see :class:`Streamed`."""
        return Streamed(self, self._call(method, url, name, options))

    async def connect(self, timeout_s: float) -> None:
        """Open a connection to the base ahead of the first request.

        Raises:
            HttpTrouble: it cannot be opened in *timeout_s* seconds.
        """
        await self.transport.connect(timeout_s)

    async def close(self) -> None:
        """Close all connections; what was counted goes to the metrics."""
        self.flush()
        await self.transport.close()

    # What the caller leaves to the session.

    def go_the_long_way(self, words: Words) -> Coroutine[Any, Any, FullAnswer]:
        """Answer a request that was not sent."""
        return self._send(self._plain(words))

    async def got_nothing(
        self, connection: Connection, words: Words, error: BaseException, took_ns: int
    ) -> FullAnswer:
        """Answer a request whose exchange ended without an answer, or pass on what cut it off."""
        call = self._plain(words)
        self.transport.lose(connection)
        sent_ns = getattr(error, "sent_ns", self.now_ns() - took_ns)
        if isinstance(error, HttpDisconnected) and (
            not error.sent or (error.stale and call.method in IDEMPOTENT)
        ):
            return await self._send(call, sent_ns)
        due_ns = self._user.take_due_ns(sent_ns)
        if not isinstance(error, HttpTrouble):
            self.settle_cut(call, due_ns, sent_ns)
            raise error
        answer = self.transport.nothing(call, call.url, sent_ns, error, 0)
        self.settle(call, answer, due_ns)
        return answer

    async def got_special(self, connection: Connection, words: Words, raw: Response) -> FullAnswer:
        """Answer a request that was redirected, sets cookies, is encoded or is not plainly ok."""
        self.transport.keep(connection)
        self.transport.received += raw.received
        return await self._send(self._plain(words), raw.sent_ns, raw)

    def coded(self, method: str, name: str, status: int) -> tuple[int, Callable[[float], None]]:
        """Return the code of an operation's label, and what adds to the waiting times."""
        user = self._user
        ended, word = outcome_of(method, status, self._expect)
        key = method, name, status, ended, word, user.tagging
        code = self._labels.get(key)
        if code is None:
            code = self._keep(key, user.label(name, ended, word, _tags(method, status)))
        return code, user.adder(MetricSort.TREND, "http_req_waiting")

    def _plain(self, words: Words) -> Call:
        method, url, name, body, kind = words
        self.transport.prepare(method)
        return Call(
            method,
            url,
            name or name_of(method, url),
            body=body,
            content_type=kind,
            timeout_s=self.timeout_s,
            follow=self._follow,
            expect=self._expect,
        )

    async def _send(
        self, call: Call, asked_ns: int = 0, first: Response | None = None
    ) -> FullAnswer:
        answer, due_ns = await self.play(call, asked_ns, first)
        self.settle(call, answer, due_ns)
        return answer

    async def play(
        self, call: Call, asked_ns: int = 0, first: Response | None = None
    ) -> tuple[FullAnswer, int]:
        """Return what came of *call*, and when it was due; to be recorded by whoever asked."""
        self.check_placed(call)
        asked_ns, due_ns = self.begin(asked_ns)
        try:
            answer = await self.transport.play(call, asked_ns, first)
        except BaseException:
            self.settle_cut(call, due_ns, asked_ns)
            raise
        return answer, answer.began_ns if due_ns == asked_ns else due_ns

    def check_placed(self, call: Call) -> None:
        """Refuse a call that could be sent nowhere, before it is an operation.

        Raises:
            NoBase: its URL is relative, and there is no base.
        """
        if not self._based and not call.url.startswith(("http://", "https://")):
            raise NoBase(f'{self._owner} has no base: set base = "http://…" or give --host URL')

    def now_ns(self) -> int:
        """Return nanoseconds of the run."""
        return self._user.clock.now_ns()

    def begin(self, asked_ns: int = 0) -> tuple[int, int]:
        """Return when the next operation is asked for, which is now, and when it was due."""
        asked_ns = asked_ns or self._user.clock.now_ns()
        return asked_ns, self._user.take_due_ns(asked_ns)

    def settle(self, call: Call, answer: FullAnswer, due_ns: int) -> None:
        """Record the operation that *answer* ended."""
        user = self._user
        ended_ns = answer.ended_ns
        self.unanswered |= not answer.status
        if self._judge is not None:
            self._judge(call, answer)
        ended, word, status = answer.ended, answer.word, answer.status
        if call.tags:
            tags = {**_tags(call.method, status), **call.tags}
            code = user.label(call.name, ended, word, tags)
        else:
            key = call.method, call.name, status, ended, word, user.tagging
            known = self._labels.get(key)
            code = (
                known
                if known is not None
                else self._keep(key, user.label(call.name, ended, word, _tags(call.method, status)))
            )
        user.record(code, due_ns, answer.began_ns, ended_ns, call.note or None)
        if answer.waited_ns:
            user.add(MetricSort.TREND, "http_req_waiting", answer.waited_ns / 1e9)
        if ended_ns > self._due_next_flush:
            self._due_next_flush = ended_ns + FLUSH_NS
            self.flush()
        if LISTENERS:
            tell(call.name, call.method, ended_ns - answer.began_ns, answer.received, answer, word)

    def settle_cut(self, call: Call, due_ns: int, sent_ns: int) -> None:
        """Record an operation that was cut off."""
        tags = {**_tags(call.method, 0), **(call.tags or {})}
        code = self._user.label(call.name, Ended.INFO, "cut-off", tags)
        self._user.record(code, due_ns, sent_ns, self._user.clock.now_ns(), call.note or None)

    def _keep(self, key: tuple[Any, ...], code: int) -> int:
        if len(self._labels) >= LABELS_MAX:
            self._labels.clear()
        self._labels[key] = code
        return code

    def _call(self, method: str, url: str, name: str, options: Options) -> Call:
        if "params" in options:
            url = with_params(url, options["params"])
        body, kind = body_of(
            self._boundary,
            json_value=options.get("json"),
            data=options.get("data"),
            files=options.get("files"),
            body=options.get("body"),
        )
        return Call(
            method,
            url,
            name or name_of(method, url),
            headers=options.get("headers"),
            body=body,
            content_type=kind,
            timeout_s=options.get("timeout") or self.timeout_s,
            follow=options.get("allow_redirects", self._follow),
            expect=options.get("expect", self._expect),
            definite=frozenset(options.get("definite", ())),
            tags=options.get("tags"),
            note=dict(options.get("note", {})),
        )

    def _boundary(self) -> str:
        return f"hormesis-{self._user.rng.getrandbits(64):016x}"

    def flush(self) -> None:
        """Give what was counted since the last time to the metrics."""
        transport = self.transport
        sent, received = self._caller.take()
        sent, received = sent + transport.sent, received + transport.received
        if sent:
            self._user.add(MetricSort.COUNTER, "data_sent", sent)
            self._user.add(MetricSort.COUNTER, "data_received", received)
            transport.sent = transport.received = 0
        transport.age()


class NoBase(ValueError):
    """A relative URL in a session without a base."""


class Caught(AbstractAsyncContextManager[FullAnswer]):
    """A request whose outcome the block decides: ``async with http.get(…, catch=True) as r``.

    An ``AssertionError``, ``Refused``, and what ``raise_for_status()`` and ``json()`` raise, is
    recorded as the operation's failure. Every exception goes on; others are no failure of the
    operation, which is recorded by its answer.
    """

    def __init__(self, session: HttpSession, call: Call) -> None:
        self._session = session
        self._call = call
        self._due_ns = 0

    async def __aenter__(self) -> FullAnswer:
        self._answer, self._due_ns = await self._session.play(self._call)
        return self._answer

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._answer.judged_by(error):
            self._session.recorded = error
        self._session.settle(self._call, self._answer, self._due_ns)


def _tags(method: str, status: int) -> dict[str, str]:
    return {"method": method, "status": str(status)}
