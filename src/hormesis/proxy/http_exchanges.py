"""HTTP exchanges: both directions of one connection, followed together.

Requests are judged when their heads go upstream; their responses, which come in the same order,
find the judgement waiting. As soon as one direction cannot be understood both pass untouched, and
a connection that the toxic met alive is picked up where a request begins a chunk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from hormesis.proxy.http_stream import (
    Body,
    End,
    Extent,
    Frame,
    Head,
    HttpStream,
    Other,
    Part,
    Until,
    request_begins,
    request_extent,
    response_begins,
    response_extent,
)
from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Reset, Send, Shaped


@dataclass(slots=True)
class Exchange:
    """One request and the response to it; ``hit`` says whether the toxic has chosen it."""

    method: bytes
    target: bytes
    hit: bool


@dataclass(slots=True)
class Exchanges:
    """What the two directions of one connection know together."""

    judge: Callable[[Head], bool]
    """Asked once for each request, in order."""
    pending: deque[Exchange] = field(default_factory=deque)
    """Requests whose responses have not ended."""
    lost: bool = False
    """Whether this connection is not followed any more."""


class _Following(Passing):
    """What both directions have in common: parts in, pieces with their moments out."""

    def __init__(self, shared: Exchanges) -> None:
        self.shared = shared
        self.stream: HttpStream
        self._last_at = float("-inf")
        self._over = False
        """Whether this direction has been cut."""

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        """Follow *data*, and pass it on as the toxic wants it."""
        if self._over:
            return ()
        if self.shared.lost:
            return self._sends([(now, self.stream.give_back() + data)])
        return self._sends(self._pieces(data, now))

    def finished(self, now: float) -> Iterable[Shaped]:
        """Pass what was not whole, and the end of the stream after everything else."""
        if self._over:
            return ()
        pieces = [piece for part in self.stream.finish() for piece in self.shaped(part, now)]
        return [*self._sends(pieces), Finish(max(self._last_at, now))]

    def removed(self, now: float) -> Iterable[Shaped]:
        """Give back what was not whole; a message that was cut short closes the connection."""
        if self._over or self.torn():
            return (Finish(now),)
        return self._sends([(now, self.stream.give_back())])

    def torn(self) -> bool:
        """Return whether what would pass now belongs to a message that was replaced."""
        return False

    def shaped(self, part: Part, now: float) -> Iterator[tuple[float, bytes | Finish | Reset]]:
        """Yield what becomes of *part*, and when."""
        raise NotImplementedError

    def _pieces(self, data: bytes, now: float) -> Iterator[tuple[float, bytes | Finish | Reset]]:
        for part in self.stream.feed(data):
            yield from self.shaped(part, now)
            if self._over:
                return
        if self.stream.lost:
            self.shared.lost = True

    def _sends(self, pieces: Iterable[tuple[float, bytes | Finish | Reset]]) -> list[Shaped]:
        """Put pieces in order and those of one moment together."""
        out: list[Shaped] = []
        together = bytearray()
        for at, piece in pieces:
            if together and (at > self._last_at or not isinstance(piece, bytes)):
                out.append(Send(self._last_at, bytes(together)))
                together.clear()
            self._last_at = max(self._last_at, at)
            if isinstance(piece, bytes):
                together += piece
            else:
                self._over = True
                out.append(type(piece)(self._last_at))
                return out
        if together:
            out.append(Send(self._last_at, bytes(together)))
        return out


class Requests(_Following):
    """The direction to the server. A toxic overrides what it wants to be different."""

    def __init__(self, shared: Exchanges) -> None:
        super().__init__(shared)
        self.stream = HttpStream(request_begins, request_extent)
        self._release: float | None = None

    def head(self, head: Head, exchange: Exchange) -> bytes:
        """Return the head that the server gets."""
        return head.raw

    def release(self, exchange: Exchange, now: float) -> float:
        """Return when the request may go."""
        return now

    def shaped(self, part: Part, now: float) -> Iterator[tuple[float, bytes | Finish | Reset]]:
        """Yield the part as it goes upstream."""
        if isinstance(part, Head):
            exchange = Exchange(part.method, part.target, self.shared.judge(part))
            self.shared.pending.append(exchange)
            yield self.release(exchange, now), self.head(part, exchange)
        elif not isinstance(part, End):
            yield now, part.data


class Responses(_Following):
    """The direction to the client. A toxic overrides what it wants to be different."""

    def __init__(self, shared: Exchanges) -> None:
        super().__init__(shared)
        self.stream = HttpStream(response_begins, self._extent, self._expected)
        self._interim = False
        self._tunnel = False

    def head(self, head: Head, exchange: Exchange) -> bytes:
        """Return the head that the client gets."""
        return head.raw

    def body(self, data: bytes, exchange: Exchange) -> Iterator[bytes | Finish | Reset]:
        """Yield what the client gets of a piece of the body."""
        yield data

    def frame(self, data: bytes, exchange: Exchange) -> bytes:
        """Return what the client gets of framing."""
        return data

    def release(self, exchange: Exchange, now: float) -> float:
        """Return when the response may go."""
        return now

    @property
    def tunnel(self) -> bool:
        """Return whether the head that was seen last turned the connection into a tunnel."""
        return self._tunnel

    def shaped(self, part: Part, now: float) -> Iterator[tuple[float, bytes | Finish | Reset]]:
        """Yield the part as it goes downstream."""
        if isinstance(part, Other):
            if self.shared.pending and self.stream.seeking:
                # The rest of an answer from before: which one comes next cannot be told.
                self.shared.lost = True
            yield now, part.data
            return
        if not self.shared.pending:
            if not isinstance(part, End):
                yield now, part.raw if isinstance(part, Head) else part.data
            return
        exchange = self.shared.pending[0]
        if isinstance(part, Head):
            self._interim = part.status < 200 and part.status != 101
            if self._interim:
                yield now, part.raw
            else:
                yield self.release(exchange, now), self.head(part, exchange)
        elif isinstance(part, Body):
            for piece in self.body(part.data, exchange):
                yield now, piece
        elif isinstance(part, Frame):
            yield now, self.frame(part.data, exchange)
        elif not self._interim:
            self.shared.pending.popleft()

    def _expected(self) -> bool:
        return bool(self.shared.pending)

    def _extent(self, head: Head) -> Extent:
        extent = response_extent(head, self.shared.pending[0].method)
        self._tunnel = extent is Until.NEVER
        return extent
