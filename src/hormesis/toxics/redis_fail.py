"""Redis fail: some commands are answered with an error, and not carried out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from hormesis.proxy.passing import Passing
from hormesis.proxy.redis_commands import Begun, Commands, RedisError
from hormesis.words.shaper import Finish, Hits, Send, Shaped, Shaper, Stream, Toxic

MARK = "HORMESIS.INJECTED."
"""How every command begins that the server does not know: whoever finds it knows why."""
NEVER = frozenset((b"MULTI", b"DISCARD"))
"""Commands that pass in any case: without them, client and server would no longer agree."""
ERROR_MAX = 4096
"""Bytes of the longest error that is read."""
_ERROR = b"-ERR unknown command"
_EXEC_ERROR = b"-E"
_OF_EXEC = b".EXEC"


class RedisFail(RedisError, Toxic):
    """Answer matching Redis commands with *error*; the server does not carry them out.

    The server gets a command that it does not know, and its error is what is rewritten. So order
    stays in pipelines, and a transaction in which a command failed is refused by ``EXEC``, which
    may fail itself. MULTI, DISCARD and inline commands pass.
    """

    counts_hits: ClassVar[bool] = True
    counts_requests: ClassVar[bool] = True

    stream: Stream = Stream.BOTH
    """Both: the command on its way up, the error on its way down."""

    def pair(self, up: Random, down: Random, hits: Hits) -> tuple[Shaper | None, Shaper | None]:
        """Return the shaper that spoils commands and the one that words the errors."""
        spoilt = _Spoilt(f"{MARK}{up.getrandbits(48):012X}".encode())
        return _Spoiling(spoilt, self, up, hits), _Wording(spoilt, self, hits)


@dataclass(slots=True)
class _Spoilt:
    """What the two directions of one connection know together."""

    mark: bytes
    owed: int = 0
    """Errors of the server that are to come and to be reworded."""


def _command(name: bytes) -> bytes:
    return b"*1\r\n$%d\r\n%s\r\n" % (len(name), name)


class _Spoiling(Commands):
    def __init__(self, spoilt: _Spoilt, toxic: RedisFail, rng: Random, hits: Hits) -> None:
        super().__init__()
        self._spoilt = spoilt
        self._toxic = toxic
        self._rng = rng
        self._hits = hits
        self._swallows = False
        """Whether the rest of the current command goes nowhere."""

    def begun(self, begun: Begun, now: float) -> tuple[float, bytes]:
        toxic, name = self._toxic, begun.arguments[0].upper()
        hit = name not in NEVER and toxic.matches(begun.arguments)
        self._swallows = hit and toxic.drawn(self._rng, self._hits)
        if not self._swallows:
            return now, begun.raw
        self._spoilt.owed += 1
        mark = self._spoilt.mark
        if name == b"EXEC":
            # The unknown command spoils the transaction, and EXEC then ends it: without it, the
            # server would go on queueing what the client sends next.
            return now, _command(mark + _OF_EXEC) + _command(b"EXEC")
        return now, _command(mark)

    def more(self, raw: bytes, now: float) -> bytes:
        return b"" if self._swallows else raw

    def removed(self, now: float) -> Iterable[Shaped]:
        torn = self._swallows and self.stream.inside
        return (Finish(now),) if torn else super().removed(now)


class _Wording(Passing):
    """Finds the marked errors by their text, wherever the stream was picked up.

    Nothing else can hold the mark, which no client has ever seen.
    """

    def __init__(self, spoilt: _Spoilt, toxic: RedisFail, hits: Hits) -> None:
        self._spoilt = spoilt
        self._error = f"-{toxic.error}\r\n".encode()
        self._hits = hits
        self._partial = b""
        """What may be the beginning of an error that is looked for."""
        self._drops = False
        """Whether the next error is an EXEC's own, which has been answered for already."""

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        data, self._partial = self._partial + data, b""
        out = bytearray()
        while self._spoilt.owed and data:
            sought = _EXEC_ERROR if self._drops else _ERROR
            place = _found(data, sought)
            out += data[:place]
            data = data[place:]
            end = data.find(b"\r\n") + 2
            if end == 1 and len(data) < ERROR_MAX:
                self._partial, data = data, b""
            elif end == 1:
                out += data[: len(sought)]
                data = data[len(sought) :]
            else:
                out += self._worded(data[:end])
                data = data[end:]
        out += data
        return (Send(now, bytes(out)),) if out else ()

    def finished(self, now: float) -> Iterable[Shaped]:
        yield from self.removed(now)
        yield Finish(now)

    def removed(self, now: float) -> Iterable[Shaped]:
        partial, self._partial = self._partial, b""
        return (Send(now, partial),) if partial else ()

    def _worded(self, line: bytes) -> bytes:
        """Return what the client gets instead of an error."""
        if self._drops:
            self._drops = False
            self._spoilt.owed -= 1
            return b""
        if self._spoilt.mark not in line:
            return line
        self._hits.count += 1
        self._drops = self._spoilt.mark + _OF_EXEC in line
        self._spoilt.owed -= not self._drops
        return self._error


def _found(data: bytes, sought: bytes) -> int:
    """Return where *sought* begins, or where its beginning may be cut off; else the end."""
    place = data.find(sought)
    if place >= 0:
        return place
    for size in range(min(len(sought) - 1, len(data)), 0, -1):
        if data.endswith(sought[:size]):
            return len(data) - size
    return len(data)
