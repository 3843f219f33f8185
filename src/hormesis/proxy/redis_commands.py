"""Redis commands: which of them a toxic or a fault is for, and how a client's are followed.

Sans I/O. Commands come as arrays of bulk strings (see the Redis serialization protocol, RESP);
inline commands, and whatever else, pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field, field_validator

from hormesis.proxy.occasions import Occasions, expression
from hormesis.proxy.passing import Passing
from hormesis.words.shaper import Finish, Send, Shaped

READ_MAX = 64 << 10
"""Bytes of a command that are looked at for its name and key."""
LINE_MAX = 32
"""Bytes of the longest line that begins an array or a bulk string."""
OF_THE_CONNECTION = frozenset(
    b"AUTH HELLO CLIENT SELECT QUIT RESET MULTI DISCARD WATCH UNWATCH COMMAND".split()
)
"""Commands that an empty pattern leaves alone: without them there is nothing to be hurt."""
_KEY_AT = {
    **dict.fromkeys(b"EVAL EVALSHA EVAL_RO EVALSHA_RO FCALL FCALL_RO".split(), 3),
    **dict.fromkeys(b"OBJECT XGROUP XINFO BITOP MEMORY DEBUG".split(), 2),
}
"""Where the first key stands, where it is not the first argument."""
_WANTED = 4
"""Arguments that are looked at, the name included."""
_ARRAY = re.compile(rb"\*([1-9][0-9]{0,6})\r\n")
_BULK = re.compile(rb"\$([0-9]{1,10})\r\n")


class RedisCommands(Occasions):
    """What all toxics and faults have in common that tell Redis commands apart."""

    command: str = ""
    """Only this command, such as ``GET``, or one of several: ``SET|INCR``; left out: all but those
    that are about the connection itself, such as AUTH and MULTI."""
    key: str = ""
    """Only commands on a key in which this regular expression is found; the first one counts."""

    @field_validator("command", "key")
    @classmethod
    def _expression(cls, value: str) -> str:
        return expression(value)

    def matches(self, arguments: list[bytes]) -> bool:
        """Return whether a command, of which the first arguments are known, is one of those."""
        name = arguments[0].upper()
        if not self.command:
            if name in OF_THE_CONNECTION:
                return False
        elif not re.fullmatch(self.command.encode(), name, re.IGNORECASE):
            return False
        if not self.key:
            return True
        place = _KEY_AT.get(name, 1)
        return len(arguments) > place and bool(re.search(self.key.encode(), arguments[place]))


class RedisError(RedisCommands):
    """What commands fail with."""

    error: str = Field(default="ERR injected by the link", pattern=r"^[A-Z]+( [ -~]*)?$")
    """The error's text, such as ``LOADING Redis is loading the dataset in memory``."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A command begins; ``raw`` is what has been read of it, ``whole`` whether that is all."""

    arguments: list[bytes]
    raw: bytes


@dataclass(frozen=True, slots=True)
class More:
    """More of the command that began last, or bytes that are none."""

    raw: bytes


class CommandStream:
    """Splits what a client sends into commands; picks up again where an array begins a chunk."""

    def __init__(self) -> None:
        self._partial = b""
        self._elements = 0
        """Bulk strings still to come of the current command."""
        self._bytes = 0
        """Bytes still to come of the current bulk string, its line end included."""

    @property
    def inside(self) -> bool:
        """Return whether a command has begun and not ended."""
        return bool(self._elements or self._bytes)

    def feed(self, data: bytes) -> Iterator[Begun | More]:
        """Yield what *data* begins and continues."""
        data, self._partial = self._partial + data, b""
        while data:
            if self.inside:
                taken = self._rest(data)
                part: Begun | More = More(data[:taken])
            elif data[0] != ord("*"):
                # An inline command ends with its line; what is no command at all passes likewise.
                taken = data.find(b"\n") + 1 or len(data)
                part = More(data[:taken])
            else:
                taken, part = self._begin(data)
            if not taken:
                self._partial = data
                return
            yield part
            data = data[taken:]

    def give_back(self) -> bytes:
        """Return what is kept because it cannot be judged yet."""
        partial, self._partial = self._partial, b""
        return partial

    def _begin(self, data: bytes) -> tuple[int, Begun | More]:
        """Read a command's first arguments; 0 bytes when there are too few to judge it."""
        array = _ARRAY.match(data)
        if array is None:
            torn = len(data) > LINE_MAX or b"\n" in data
            return (len(data) if torn else 0), More(data)
        count, place = int(array[1]), array.end()
        arguments: list[bytes] = []
        while len(arguments) < min(count, _WANTED):
            bulk = _BULK.match(data, place)
            if bulk is None:
                if len(data) - place > LINE_MAX or b"\n" in data[place:]:
                    return len(data), More(data)
                return 0, More(b"")
            end = bulk.end() + int(bulk[1])
            if end + 2 > READ_MAX:
                break
            if end + 2 > len(data):
                return 0, More(b"")
            arguments.append(data[bulk.end() : end])
            place = end + 2
        if not arguments:
            return len(data), More(data)
        self._elements = count - len(arguments)
        return place, Begun(arguments, data[:place])

    def _rest(self, data: bytes) -> int:
        """Go on within a command; return how many bytes belong to it, 0 if that is unclear."""
        place = 0
        while self._elements or self._bytes:
            if self._bytes:
                taken = min(self._bytes, len(data) - place)
                self._bytes -= taken
                place += taken
                if self._bytes:
                    return place
                continue
            bulk = _BULK.match(data, place)
            if bulk is None:
                if len(data) - place > LINE_MAX or b"\n" in data[place:]:
                    self._elements = 0
                    return len(data)
                return place
            self._elements -= 1
            self._bytes = int(bulk[1]) + 2
            place = bulk.end()
        return place


class Commands(Passing):
    """Follows the client's commands; a toxic overrides what is to be different."""

    def __init__(self) -> None:
        self.stream = CommandStream()
        self._last_at = float("-inf")

    def begun(self, begun: Begun, now: float) -> tuple[float, bytes]:
        """Return when which bytes leave for the beginning of a command."""
        return now, begun.raw

    def more(self, raw: bytes, now: float) -> bytes:
        """Return which bytes leave for the rest of it."""
        return raw

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        """Follow *data*, and pass it on as the toxic wants it."""
        out: list[Send] = []
        for part in self.stream.feed(data):
            if isinstance(part, Begun):
                at, piece = self.begun(part, now)
            else:
                at, piece = now, self.more(part.raw, now)
            self._last_at = max(self._last_at, at)
            if out and out[-1].at == self._last_at:
                piece = out.pop().data + piece
            out.append(Send(self._last_at, piece))
        return out

    def finished(self, now: float) -> Iterable[Shaped]:
        """Pass what was not whole, and the end of the stream after everything else."""
        yield from self.removed(now)
        yield Finish(max(self._last_at, now))

    def removed(self, now: float) -> Iterable[Shaped]:
        """Give back what was not whole."""
        partial = self.stream.give_back()
        return (Send(max(self._last_at, now), partial),) if partial else ()
