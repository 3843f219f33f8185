"""HTTP delay: requests of some routes take longer."""

from __future__ import annotations

from random import Random
from typing import ClassVar

from hormesis.proxy.delay_range import DelayRange
from hormesis.proxy.http_exchanges import Exchange, Exchanges, Requests, Responses
from hormesis.proxy.http_route import HttpRoute
from hormesis.proxy.http_stream import Head
from hormesis.words.shaper import Hits, Shaper, Stream, Toxic


class HttpDelay(DelayRange, HttpRoute, Toxic):
    """Delay matching HTTP/1 requests, or their responses, by a time between *min* and *max*.

    Requests after it on the same connection wait behind it. What is not HTTP/1 in the clear passes.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    stream: Stream = Stream.UPSTREAM
    """Upstream: before the server sees the request. Downstream: after the server has answered."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shapers of both directions."""

        def judge(head: Head) -> bool:
            hit = self.strikes(head, up, hits)
            hits.count += hit
            return hit

        shared = Exchanges(judge)
        requests = _Late(shared, self, up) if self.stream is not Stream.DOWNSTREAM else None
        responses = _LateAnswer(shared, self, down) if self.stream is not Stream.UPSTREAM else None
        return requests or Requests(shared), responses or Responses(shared)


class _Late(Requests):
    def __init__(self, shared: Exchanges, toxic: HttpDelay, rng: Random) -> None:
        super().__init__(shared)
        self._toxic = toxic
        self._rng = rng

    def release(self, exchange: Exchange, now: float) -> float:
        return now + self._toxic.delay(self._rng) if exchange.hit else now


class _LateAnswer(Responses):
    def __init__(self, shared: Exchanges, toxic: HttpDelay, rng: Random) -> None:
        super().__init__(shared)
        self._toxic = toxic
        self._rng = rng

    def release(self, exchange: Exchange, now: float) -> float:
        return now + self._toxic.delay(self._rng) if exchange.hit else now
