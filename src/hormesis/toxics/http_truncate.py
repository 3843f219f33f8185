"""HTTP truncate: responses break off in the middle of their bodies."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import ClassVar

from hormesis.proxy.http_cut import HttpCut
from hormesis.proxy.http_exchanges import Exchange, Exchanges, Requests, Responses
from hormesis.proxy.http_stream import Head
from hormesis.words.shaper import Finish, Hits, Reset, Shaper, Toxic


class HttpTruncate(HttpCut, Toxic):
    """Pass *bytes* of the body of matching HTTP/1 responses; then close the connection.

    The head still promises the whole body. A body that is no longer than that is not hit, though
    it counts for ``first``. What is not HTTP/1 in the clear passes.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shaper that sees the requests and the one that cuts their answers."""
        shared = Exchanges(lambda head: self.strikes(head, up, hits))
        return Requests(shared), _Cutting(shared, self, hits)


class _Cutting(Responses):
    def __init__(self, shared: Exchanges, toxic: HttpTruncate, hits: Hits) -> None:
        super().__init__(shared)
        self._toxic = toxic
        self._hits = hits
        self._left = 0

    def head(self, head: Head, exchange: Exchange) -> bytes:
        self._left = self._toxic.bytes
        return head.raw

    def body(self, data: bytes, exchange: Exchange) -> Iterator[bytes | Finish | Reset]:
        if not exchange.hit or len(data) <= self._left:
            self._left -= len(data)
            yield data
            return
        self._hits.count += 1
        if self._left > 0:
            yield data[: self._left]
        yield Reset(0.0) if self._toxic.reset else Finish(0.0)
