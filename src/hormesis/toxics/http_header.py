"""HTTP header: requests or responses come with other headers."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from hormesis.proxy.http_exchanges import Exchange, Exchanges, Requests, Responses
from hormesis.proxy.http_header_change import HttpHeaderChange
from hormesis.proxy.http_headers import changed
from hormesis.proxy.http_stream import Head
from hormesis.words.shaper import Hits, Shaper, Stream, Toxic


class HttpHeader(HttpHeaderChange, Toxic):
    """Set or remove headers of matching HTTP/1 requests, or of the responses to them.

    What is not HTTP/1 in the clear passes.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    stream: Stream = Stream.DOWNSTREAM
    """Upstream: the request's headers. Downstream: the response's."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shapers of both directions."""
        shared = Exchanges(lambda head: self.strikes(head, up, hits))
        asking, answering = Requests(shared), Responses(shared)
        if self.stream is not Stream.DOWNSTREAM:
            asking = _OtherRequest(shared, self, hits)
        if self.stream is not Stream.UPSTREAM:
            answering = _OtherResponse(shared, self, hits)
        return asking, answering


class _OtherRequest(Requests):
    def __init__(self, shared: Exchanges, toxic: HttpHeader, hits: Hits) -> None:
        super().__init__(shared)
        self._toxic = toxic
        self._hits = hits

    def head(self, head: Head, exchange: Exchange) -> bytes:
        return _other(head, self._toxic, self._hits) if exchange.hit else head.raw


class _OtherResponse(Responses):
    def __init__(self, shared: Exchanges, toxic: HttpHeader, hits: Hits) -> None:
        super().__init__(shared)
        self._toxic = toxic
        self._hits = hits

    def head(self, head: Head, exchange: Exchange) -> bytes:
        return _other(head, self._toxic, self._hits) if exchange.hit else head.raw


def _other(head: Head, toxic: HttpHeader, hits: Hits) -> bytes:
    hits.count += 1
    return changed(head, put=toxic.set, away=toxic.remove)
