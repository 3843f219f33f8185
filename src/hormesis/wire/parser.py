"""The strict reader of any HTTP/1.1 answer, however it is framed and cut into pieces."""

from __future__ import annotations

import re
from enum import Enum

from hormesis.wire.head import (
    HEAD_BYTES_MAX,
    Head,
    Malformed,
    head_end,
    read_head,
)

BODY_BYTES_MAX = 64 * 1024 * 1024
LINE_BYTES_MAX = 4096
INTERIMS_MAX = 100
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*(?:;[^\x00-\x08\x0a-\x1f]*)?)")
_TRAILER = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\x00-\x08\x0a-\x1f]*")


class _Stage(Enum):
    HEAD = 0
    LENGTH = 1
    CLOSE = 2
    CHUNK_LINE = 3
    CHUNK = 4
    CHUNK_END = 5
    TRAILER = 6
    WHOLE = 7


class Parser:
    """Reads one answer; a connection that was framed by a length in one piece needs none.

    ``head`` is the last one read, ``raw_head`` its bytes, ``body`` what has come of the body;
    ``spoiled`` says that nothing can be read after it: more had come than the answer, or the end.
    """

    __slots__ = (
        "_body_max", "_interims", "_left", "_line", "_searched", "_stage", "_to_head", "_trailed",
        "body", "head", "raw_head", "spoiled",
    )  # fmt: skip

    def __init__(self, *, to_head: bool, body_max: int | None = BODY_BYTES_MAX) -> None:
        """Begin; *to_head* says that the request was a HEAD, no ``body_max`` that any body fits."""
        self._body_max = body_max
        self._to_head = to_head
        self._stage = _Stage.HEAD
        self._line = bytearray()
        self._searched = self._left = self._interims = self._trailed = 0
        self.head: Head | None = None
        self.raw_head = b""
        self.body = bytearray()
        self.spoiled = False

    @property
    def whole(self) -> bool:
        """Return whether the answer is complete."""
        return self._stage is _Stage.WHOLE

    def feed(self, data: bytes) -> int:
        """Read on and return how many bytes of *data* belong to this answer.

        Raises:
            Malformed: what came breaks the protocol, or is larger than allowed.
        """
        position = 0
        while position < len(data) and self._stage is not _Stage.WHOLE:
            match self._stage:
                case _Stage.HEAD:
                    position = self._feed_head(data, position)
                case _Stage.CHUNK_LINE | _Stage.TRAILER | _Stage.CHUNK_END:
                    position = self._feed_line(data, position)
                case _:
                    position = self._feed_body(data, position)
        self.spoiled |= position < len(data)
        return position

    def take_body(self) -> bytes:
        """Return what has come of the body, and do not hold it any longer."""
        body = bytes(self.body)
        self.body.clear()
        return body

    def end(self) -> bool:
        """Take note that the connection ended; return whether that completes the answer."""
        if self._stage is _Stage.CLOSE:
            self._stage = _Stage.WHOLE
            self.spoiled = True
        return self.whole

    def _feed_head(self, data: bytes, position: int) -> int:
        line = self._line
        before = len(line)
        line += data[position:] if position else data
        end = head_end(line, self._searched)
        if not end:
            self._searched = len(line)
            return len(data)
        self.raw_head = bytes(line[:end])
        line.clear()
        self._searched = 0
        self.head = read_head(self.raw_head)
        self._begin_body(self.head)
        return position + end - before

    def _begin_body(self, head: Head) -> None:
        if head.interim:
            self._interims += 1
            if self._interims > INTERIMS_MAX:
                raise Malformed(f"more than {INTERIMS_MAX} interim answers")
        elif self._to_head or head.bodyless or head.length == 0:
            self._stage = _Stage.WHOLE
        elif head.chunked:
            self._stage = _Stage.CHUNK_LINE
        elif head.length > 0:
            self._fit(head.length)
            self._stage = _Stage.LENGTH
            self._left = head.length
        else:
            self._stage = _Stage.CLOSE

    def _feed_body(self, data: bytes, position: int) -> int:
        piece = data[position:] if self._stage is _Stage.CLOSE else data[position:][: self._left]
        self._fit(len(self.body) + len(piece))
        self.body += piece
        if self._stage is not _Stage.CLOSE:
            self._left -= len(piece)
            if not self._left:
                self._stage = (
                    _Stage.WHOLE if self._stage is _Stage.LENGTH else _Stage.CHUNK_END
                )
        return position + len(piece)

    def _fit(self, size: int) -> None:
        if self._body_max is not None and size > self._body_max:
            raise Malformed(f"the body exceeds {self._body_max} bytes")

    def _feed_line(self, data: bytes, position: int) -> int:
        found = data.find(b"\n", position)
        end = found + 1 if found >= 0 else len(data)
        self._line += data[position:end]
        limit = {_Stage.CHUNK_END: 2, _Stage.TRAILER: HEAD_BYTES_MAX}.get(
            self._stage, LINE_BYTES_MAX
        )
        if len(self._line) + self._trailed > limit:
            raise Malformed("a line between chunks is too long")
        if found >= 0:
            if not self._line.endswith(b"\r\n"):
                raise Malformed("a line between chunks ends wrongly")
            line = bytes(self._line[:-2])
            self._line.clear()
            self._take_line(line)
        return end

    def _take_line(self, line: bytes) -> None:
        if self._stage is _Stage.CHUNK_END:
            self._stage = _Stage.CHUNK_LINE
        elif self._stage is _Stage.CHUNK_LINE:
            size = _CHUNK.fullmatch(line)
            if size is None:
                raise Malformed("a wrong chunk size")
            self._left = int(size[1], 16)
            self._stage = _Stage.CHUNK if self._left else _Stage.TRAILER
        elif not line:
            self._stage = _Stage.WHOLE
        else:
            if not _TRAILER.fullmatch(line):
                raise Malformed("a trailer line is wrong")
            self._trailed += len(line) + 2
