"""HTTP stream: one direction of an HTTP/1 connection, split into heads, bodies and framing.

Sans I/O and streaming: a body of any size passes in the pieces it came in, and only heads and
single framing lines are kept until they are whole. See RFC 9112, sections 2, 6 and 7. What cannot
be understood is told as :class:`Other`, from there to the end of the stream, and never guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

HEAD_MAX = 64 << 10
"""Bytes of the longest head that is followed; a longer one makes the rest of the stream opaque."""
LINE_MAX = 4096
"""Bytes of the longest line of chunked framing."""

_REQUEST = re.compile(rb"[A-Z]{1,24} [!-\xff]+ HTTP/1\.[01]\r?\n")
_REQUEST_BEGUN = re.compile(rb"[A-Z]{1,24}(?: (?:[!-\xff]+(?: H?T?T?P?/?1?\.?[01]?\r?)?)?)?\Z")
_RESPONSE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}[ \r\n]")
_RESPONSE_BEGUN = re.compile(rb"H?T?T?P?/?1?\.?[01]? ?[0-9]{0,3}\Z")
_BLANK_LINES = re.compile(rb"(?:\r?\n)+")
_HEAD_END = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class Head:
    """A start line and headers; ``raw`` is all of it as it came, the blank line included."""

    start: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    raw: bytes

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of the header *name*, which is in lower case; lists are split."""
        joined = b",".join(value for key, value in self.headers if key.lower() == name)
        return [one.strip() for one in joined.split(b",") if one.strip()]

    @property
    def method(self) -> bytes:
        """Return a request's method."""
        return self.start.split(b" ", 1)[0]

    @property
    def target(self) -> bytes:
        """Return a request's target: its path with its query, in most cases."""
        return self.start.split(b" ")[1]

    @property
    def status(self) -> int:
        """Return a response's status."""
        return int(self.start[9:12])


@dataclass(frozen=True, slots=True)
class Body:
    """Content, without framing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes that are not content: chunk sizes, trailers, blank lines."""

    data: bytes


@dataclass(frozen=True, slots=True)
class End:
    """A message is complete."""


@dataclass(frozen=True, slots=True)
class Other:
    """Bytes that are not followed."""

    data: bytes


Part = Head | Body | Frame | End | Other


class Until(Enum):
    """How a body ends that has no length."""

    LAST_CHUNK = "last chunk"
    CLOSE = "close"
    NEVER = "never"
    """It is no body: the connection is a tunnel from here on."""


Extent = int | Until
"""A body's length in bytes, or how it ends."""


class Unclear(Exception):
    """A head does not say, or says twice, where its body ends."""


class _Mode(Enum):
    SEEK = "seek"
    """No message has been seen; one may begin with a chunk."""
    HEAD = "head"
    BODY = "body"
    SIZE = "size"
    CHUNK = "chunk"
    CHUNK_END = "chunk end"
    TRAILERS = "trailers"
    OTHER = "other"


class HttpStream:
    """Follows one direction.

    ``extent_of`` tells a head's body; ``expected`` whether a message is expected at all: what
    comes while none is, passes as :class:`Other`. Both are asked while :meth:`feed` is consumed.
    """

    def __init__(
        self,
        begins: Callable[[bytes], bool | None],
        extent_of: Callable[[Head], Extent],
        expected: Callable[[], bool] = lambda: True,
    ) -> None:
        self._begins = begins
        self._extent_of = extent_of
        self._expected = expected
        self._mode = _Mode.SEEK
        self._partial = b""
        self._left: int | None = 0
        """Bytes of content still to come; None: until the end of the stream."""

    @property
    def lost(self) -> bool:
        """Return whether nothing can be understood any more."""
        return self._mode is _Mode.OTHER

    @property
    def seeking(self) -> bool:
        """Return whether no message has been seen yet."""
        return self._mode is _Mode.SEEK

    def feed(self, data: bytes) -> Iterator[Part]:
        """Yield what *data* completes or continues; to be consumed wholly."""
        data, self._partial = self._partial + data, b""
        while data:
            if self._mode in (_Mode.SEEK, _Mode.HEAD):
                taken, parts = self._take_head(data)
            elif self._mode in (_Mode.BODY, _Mode.CHUNK):
                taken, parts = self._take_content(data)
            elif self._mode is _Mode.OTHER:
                taken, parts = len(data), iter((Other(data),))
            else:
                taken, parts = self._take_line(data)
            if taken == 0:
                self._partial = data
                return
            data = data[taken:]
            yield from parts

    def finish(self) -> Iterator[Part]:
        """Yield what the end of the stream completes; an incomplete head or line comes back."""
        if partial := self.give_back():
            yield Other(partial)
        if self._mode is _Mode.BODY and self._left is None:
            self._mode = _Mode.HEAD
            yield End()

    def give_back(self) -> bytes:
        """Return what is kept because it is not whole yet, and follow no more."""
        partial, self._partial = self._partial, b""
        if partial:
            self._mode = _Mode.OTHER
        return partial

    def _give_up(self, data: bytes) -> tuple[int, Iterator[Part]]:
        self._mode = _Mode.OTHER
        return len(data), iter((Other(data),))

    def _take_head(self, data: bytes) -> tuple[int, Iterator[Part]]:
        if not self._expected():
            return len(data), iter((Other(data),))
        if self._mode is _Mode.HEAD:
            if blank := _BLANK_LINES.match(data):
                return blank.end(), iter((Frame(blank[0]),))
            if data == b"\r":
                return 0, iter(())
        begins = self._begins(data)
        if begins is False:
            if self._mode is _Mode.SEEK:
                return len(data), iter((Other(data),))
            return self._give_up(data)
        end = _HEAD_END.search(data, 0, HEAD_MAX)
        if begins is None or end is None:
            return self._give_up(data) if len(data) >= HEAD_MAX else (0, iter(()))
        return end.end(), self._judge(data[: end.end()])

    def _judge(self, raw: bytes) -> Iterator[Part]:
        """Yield the head and get ready for what follows it."""
        try:
            head = _head_of(raw)
            extent = self._extent_of(head)
        except Unclear:
            self._mode = _Mode.OTHER
            yield Other(raw)
            return
        yield head
        if extent is Until.LAST_CHUNK:
            self._mode = _Mode.SIZE
        elif extent is Until.NEVER:
            self._mode = _Mode.OTHER
        elif extent is Until.CLOSE:
            self._mode, self._left = _Mode.BODY, None
        else:
            assert isinstance(extent, int)
            self._mode, self._left = (_Mode.BODY, extent) if extent else (_Mode.HEAD, 0)
            if not extent:
                yield End()

    def _take_content(self, data: bytes) -> tuple[int, Iterator[Part]]:
        if self._left is None:
            return len(data), iter((Body(data),))
        piece = data[: self._left]
        self._left -= len(piece)
        if self._left:
            return len(piece), iter((Body(piece),))
        if self._mode is _Mode.CHUNK:
            self._mode = _Mode.CHUNK_END
            return len(piece), iter((Body(piece),))
        self._mode = _Mode.HEAD
        return len(piece), iter((Body(piece), End()))

    def _take_line(self, data: bytes) -> tuple[int, Iterator[Part]]:
        """Take one line of chunked framing."""
        size = data.find(b"\n", 0, LINE_MAX) + 1
        if not size:
            return self._give_up(data) if len(data) >= LINE_MAX else (0, iter(()))
        line, text = data[:size], data[:size].rstrip(b"\r\n")
        if self._mode is _Mode.CHUNK_END:
            if text:
                return self._give_up(data)
            self._mode = _Mode.SIZE
        elif self._mode is _Mode.SIZE:
            number = text.split(b";", 1)[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", number):
                return self._give_up(data)
            self._left = int(number, 16)
            self._mode = _Mode.CHUNK if self._left else _Mode.TRAILERS
        elif not text:
            self._mode = _Mode.HEAD
            return size, iter((Frame(line), End()))
        return size, iter((Frame(line),))


def request_begins(data: bytes) -> bool | None:
    """Return whether *data* begins with a request line; None while it still may."""
    if _REQUEST.match(data):
        return True
    return None if _REQUEST_BEGUN.match(data) else False


def response_begins(data: bytes) -> bool | None:
    """Return whether *data* begins with a status line; None while it still may."""
    if _RESPONSE.match(data):
        return True
    return None if _RESPONSE_BEGUN.match(data) else False


def request_extent(head: Head) -> Extent:
    """Return where a request's body ends.

    Raises:
        Unclear: the head does not tell.
    """
    if coding := head.values(b"transfer-encoding"):
        if coding[-1].lower() != b"chunked":
            raise Unclear
        return Until.LAST_CHUNK
    return _length(head) or 0


def response_extent(head: Head, method: bytes) -> Extent:
    """Return where the body of a response to a request with *method* ends.

    Raises:
        Unclear: the head does not tell.
    """
    status = head.status
    if status == 101 or (method == b"CONNECT" and 200 <= status < 300):
        return Until.NEVER
    if method == b"HEAD" or status < 200 or status in (204, 304):
        return 0
    if coding := head.values(b"transfer-encoding"):
        return Until.LAST_CHUNK if coding[-1].lower() == b"chunked" else Until.CLOSE
    length = _length(head)
    return Until.CLOSE if length is None else length


def _length(head: Head) -> int | None:
    lengths = set(head.values(b"content-length"))
    if not lengths:
        return None
    if len(lengths) > 1 or not (text := lengths.pop()).isdigit() or len(text) > 18:
        raise Unclear
    return int(text)


def _head_of(raw: bytes) -> Head:
    start, *lines = [line.rstrip(b"\r") for line in raw.split(b"\n")]
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if line and (not colon or not name or name != name.strip()):
            raise Unclear
        if line:
            headers.append((name, value.strip()))
    return Head(start, tuple(headers), raw)
