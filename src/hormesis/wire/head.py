"""The head of an HTTP/1.1 answer: where it ends, what it says about the body, strictly read.

What RFC 9112 calls invalid is refused, where a lenient reader would guess: bare line feeds,
folded lines, control characters, two different lengths, a length beside chunks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES_MAX = 64 * 1024
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?\r\n")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f]")
_LENGTH = re.compile(rb"[0-9]{1,18}")
_BEGIN = b"HTTP/1."


class Malformed(Exception):
    """What came breaks the protocol; the message says how."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the first lines of an answer say; ``size`` includes the blank line.

    ``length`` is −1 when it is not told; ``plain`` means that the answer is exactly this head and
    ``length`` bytes, whatever the request was but HEAD.
    """

    status: int
    size: int
    length: int
    chunked: bool
    keep: bool
    special: bool
    plain: bool

    @property
    def interim(self) -> bool:
        """Return whether the real answer is still to come."""
        return self.status < 200

    @property
    def bodyless(self) -> bool:
        """Return whether an answer of this status never has a body."""
        return self.status in (204, 304)


def head_end(data: bytes | bytearray, searched: int = 0) -> int:
    """Return where the head at the start of *data* ends; 0 when it goes on.

    ``searched`` bytes are known to hold no end.

    Raises:
        Malformed: this is not the beginning of a head, or it is too large.
    """
    end = data.find(b"\r\n\r\n", max(0, searched - 3)) + 4
    if end < 4:
        if not data.startswith(_BEGIN[: len(data)]):
            raise Malformed("it does not begin with HTTP/1.")
        # A server that ends its lines so would have us wait for a blank line that never comes.
        if data.find(b"\n\n", max(0, searched - 1)) >= 0:
            raise Malformed("a line of the head ends wrongly")
        end = 0
    if (end or len(data)) > HEAD_BYTES_MAX:
        raise Malformed(f"the head exceeds {HEAD_BYTES_MAX} bytes")
    return end


def read_head(head: bytes) -> Head:
    """Return what *head*, which ends with a blank line, says.

    Raises:
        Malformed: it breaks the protocol.
    """
    if not head.startswith(_BEGIN):
        raise Malformed("it does not begin with HTTP/1.")
    first = _STATUS.match(head)
    if first is None:
        raise Malformed("the status line is wrong")
    lines = head[first.end() : -2].split(b"\r\n")[:-1]
    # Line ends are the only control characters, so each must belong to a line seen here.
    if len(_CONTROL.findall(head)) != 2 * (len(lines) + 2):
        raise Malformed("a control character in the head")
    fields = _Fields(modern=first[1] == b"1")
    for line in lines:
        fields.take(line)
    return fields.head(int(first[2]), len(head))


class _Fields:
    """The header lines that say something about the framing."""

    def __init__(self, *, modern: bool) -> None:
        self._modern = modern
        self._length = -1
        self._chunked = self._close = self._alive = self._special = False

    def take(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise Malformed("a header line is wrong")
        match name.lower():
            case b"content-length":
                self._take_length(value.strip(b" \t"))
            case b"transfer-encoding":
                if self._chunked or value.strip(b" \t").lower() != b"chunked":
                    raise Malformed("a transfer encoding other than chunked")
                self._chunked = True
            case b"connection":
                words = {word.strip(b" \t") for word in value.lower().split(b",")}
                self._close |= b"close" in words
                self._alive |= b"keep-alive" in words
            case b"set-cookie" | b"content-encoding":
                self._special = True

    def _take_length(self, value: bytes) -> None:
        if not _LENGTH.fullmatch(value):
            raise Malformed("a wrong Content-Length")
        length = int(value)
        if self._length not in (-1, length):
            raise Malformed("two different Content-Lengths")
        self._length = length

    def head(self, status: int, size: int) -> Head:
        if status == 101:
            raise Malformed("it switches protocols, which nobody asked for")
        if self._chunked and self._length >= 0:
            raise Malformed("a Content-Length beside chunks")
        if self._chunked and not self._modern:
            raise Malformed("chunks in HTTP/1.0")
        keep = not self._close and (self._modern or self._alive)
        return Head(
            status=status,
            size=size,
            length=self._length,
            chunked=self._chunked,
            keep=keep,
            special=self._special or not keep or 300 <= status < 400,
            plain=status >= 200 and status not in (204, 304) and self._length >= 0,
        )
