"""HTTP status: requests are answered with another status."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from random import Random
from typing import ClassVar

from hormesis.proxy.http_exchanges import Exchange, Exchanges, Requests, Responses
from hormesis.proxy.http_headers import changed
from hormesis.proxy.http_reply import BODILESS, HttpReply
from hormesis.proxy.http_stream import End, Head, Other, Part
from hormesis.words.shaper import Finish, Hits, Reset, Shaper, Toxic

_OF_THE_OLD_BODY = ("Content-Length", "Transfer-Encoding", "Trailer", "Content-Encoding", "ETag")


class HttpStatus(HttpReply, Toxic):
    """Answer matching HTTP/1 requests with *status* instead of what the server says.

    The server gets the request and does its work; its answer is what changes. Everything else on
    the connection passes untouched, as does what is not HTTP/1 in the clear.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shaper that sees the requests and the one that changes their answers."""
        shared = Exchanges(lambda head: self.strikes(head, up, hits))
        return Requests(shared), _Answering(shared, self, hits)


class _Answering(Responses):
    def __init__(self, shared: Exchanges, toxic: HttpStatus, hits: Hits) -> None:
        super().__init__(shared)
        self._toxic = toxic
        self._hits = hits
        self._replacing = False
        """Whether the server's own body is being dropped."""

    def head(self, head: Head, exchange: Exchange) -> bytes:
        if not exchange.hit:
            return head.raw
        self._hits.count += 1
        toxic = self._toxic
        try:
            reason = HTTPStatus(toxic.status).phrase
        except ValueError:
            reason = "Unknown"
        start = f"HTTP/1.1 {toxic.status} {reason}".encode()
        had_none = head.status in BODILESS or head.status == 101
        if toxic.body is None and toxic.status not in BODILESS and not had_none:
            return changed(head, start=start, put=toxic.headers)
        self._replacing = True
        body = (toxic.body or "").encode()
        put = dict(toxic.headers)
        if body and "content-type" not in map(str.lower, put):
            put["Content-Type"] = "text/plain; charset=utf-8"
        if toxic.status not in BODILESS:
            put["Content-Length"] = str(len(body))
        if self.tunnel:
            put["Connection"] = "close"
        away = (*_OF_THE_OLD_BODY, *(("Upgrade",) if self.tunnel else ()))
        made = changed(head, start=start, put=put, away=away)
        return made if exchange.method == b"HEAD" else made + body

    def body(self, data: bytes, exchange: Exchange) -> Iterator[bytes | Finish | Reset]:
        if not self._replacing:
            yield data

    def frame(self, data: bytes, exchange: Exchange) -> bytes:
        return b"" if self._replacing else data

    def torn(self) -> bool:
        return self._replacing

    def shaped(self, part: Part, now: float) -> Iterator[tuple[float, bytes | Finish | Reset]]:
        if self._replacing and isinstance(part, Other):
            yield now, Finish(now)
            return
        yield from super().shaped(part, now)
        if isinstance(part, End):
            self._replacing = False
        elif self._replacing and self.tunnel:
            yield now, Finish(now)
