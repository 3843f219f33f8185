"""The kernel's packet filter (nf_tables) without its command: one table, owned by this process.

The table is made with the flag *owner*: only this socket may change it, and the kernel destroys
it when the socket closes, however the process ends. A set whose members expire guards every rule,
so that the rules end by themselves even while the process is frozen. Everything is added in one
transaction: all of it or nothing. Numbers are those of the kernel's nf_tables.h.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hormesis.host.packets.netlink import (
    ACK,
    APPEND,
    CREATE,
    NETFILTER,
    REQUEST,
    Netlink,
    Refusal,
    attribute,
    attributes,
    message,
    nested,
    text,
    u32,
    u64,
)

INET = 1
IPV4, IPV6 = 2, 10
INPUT, OUTPUT = 1, 3
_SUBSYSTEM = 10 << 8
_NEW_TABLE, _NEW_CHAIN, _NEW_RULE, _NEW_SET, _NEW_ELEMENT = 0, 3, 6, 9, 12
_DELETE_RULE = 8
_GET_GENERATION, _NEW_OBJECT, _GET_OBJECT = 16, 18, 19
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_OWNER = 2
_WITH_TIMEOUT = 0x10
_COUNTER = 1
_BIG = 1 << 22

_EQUAL, _NOT_EQUAL, _LESS = 0, 1, 2
_REGISTER = 1
_META_PROTOCOL, _META_FAMILY = 16, 15
_META_IN_TYPE, _META_OUT_TYPE, _META_MARK = 8, 9, 3
_LOOPBACK = 772
_NETWORK, _TRANSPORT = 1, 2
_VERDICT = 0
_DROP, _ACCEPT, _JUMP, _RETURN = 0, 1, -3, -5
_CHANCES = 1 << 20

Expression = bytes
Expressions = tuple[Expression, ...]


def _expression(name: str, *data: bytes) -> Expression:
    return nested(1, text(1, name), nested(2, *data))


def _value(kind: int, data: bytes) -> bytes:
    return nested(kind, attribute(1, data))


def _compared(data: bytes, operation: int = _EQUAL) -> Expression:
    return _expression("cmp", u32(1, _REGISTER), u32(2, operation), _value(3, data))


def _meta(key: int) -> Expression:
    return _expression("meta", u32(1, _REGISTER), u32(2, key))


def _payload(base: int, offset: int, size: int) -> Expression:
    return _expression("payload", u32(1, _REGISTER), u32(2, base), u32(3, offset), u32(4, size))


def family(number: int) -> Expressions:
    """Match IPv4 or IPv6."""
    return (_meta(_META_FAMILY), _compared(bytes([number])))


def protocol(number: int) -> Expressions:
    """Match a transport protocol."""
    return (_meta(_META_PROTOCOL), _compared(bytes([number])))


def port(number: int, *, of_sender: bool) -> Expressions:
    """Match a TCP or UDP port; a protocol must have been matched before."""
    return (_payload(_TRANSPORT, 0 if of_sender else 2, 2), _compared(struct.pack(">H", number)))


def address(host: str, *, of_sender: bool) -> Expressions:
    """Match an IPv4 or IPv6 address."""
    if ":" in host:
        offset = 8 if of_sender else 24
        wanted = socket.inet_pton(socket.AF_INET6, host)
        return (*family(IPV6), _payload(_NETWORK, offset, 16), _compared(wanted))
    offset = 12 if of_sender else 16
    wanted = socket.inet_pton(socket.AF_INET, host)
    return (*family(IPV4), _payload(_NETWORK, offset, 4), _compared(wanted))


def loopback(hook: int, *, yes: bool) -> Expressions:
    """Match what goes, or does not go, through the loopback device."""
    key = _META_IN_TYPE if hook == INPUT else _META_OUT_TYPE
    return (_meta(key), _compared(struct.pack("=H", _LOOPBACK), _EQUAL if yes else _NOT_EQUAL))


def flags(mask: int, value: int, *, equal: bool = True) -> Expressions:
    """Match TCP flags: those of *mask* are exactly *value*, or are not."""
    masked = _expression(
        "bitwise", u32(1, _REGISTER), u32(2, _REGISTER), u32(3, 1),
        _value(4, bytes([mask])), _value(5, b"\0"),
    )  # fmt: skip
    compared = _compared(bytes([value]), _EQUAL if equal else _NOT_EQUAL)
    return (_payload(_TRANSPORT, 13, 1), masked, compared)


def mark(number: int) -> Expressions:
    """Match packets that bear a mark."""
    return (_meta(_META_MARK), _compared(struct.pack("=I", number)))


def chance(share: float) -> Expressions:
    """Match a random share of what comes, to about a millionth."""
    drawn = _expression("numgen", u32(1, _REGISTER), u32(2, _CHANCES), u32(3, 1), u32(4, 0))
    # Compared as bytes, so the number must stand in network order first.
    ordered = _expression(
        "byteorder", u32(1, _REGISTER), u32(2, _REGISTER), u32(3, 1), u32(4, 4), u32(5, 4)
    )
    return (drawn, ordered, _compared(struct.pack(">I", round(share * _CHANCES)), _LESS))


def counted(name: str) -> Expressions:
    """Count in the table's counter *name*."""
    return (_expression("objref", u32(1, _COUNTER), text(2, name)),)


def _verdict(code: int, chain: str = "") -> Expressions:
    data = u32(1, code) + (text(2, chain) if chain else b"")
    return (_expression("immediate", u32(1, _VERDICT), nested(2, nested(2, data))),)


def drop() -> Expressions:
    """Drop it."""
    return _verdict(_DROP)


def accept() -> Expressions:
    """Let it pass this table."""
    return _verdict(_ACCEPT)


def jump(chain: str) -> Expressions:
    """Go on in another chain of the table."""
    return _verdict(_JUMP, chain)


def reset() -> Expressions:
    """Answer with a TCP reset, and drop it."""
    return (_expression("reject", u32(1, 1), attribute(2, b"\0")),)


def unreachable() -> Expressions:
    """Answer that the port cannot be reached, and drop it."""
    return (_expression("reject", u32(1, 2), attribute(2, b"\x01")),)


def queue(number: int, *, bypass: bool, native: bool) -> Expressions:
    """Hand it to the program that listens on a queue.

    With nobody listening, ``bypass`` lets it pass; without, it vanishes, and unlike with
    :func:`drop` its sender is not told. A kernel may know queues only by way of its older filter:
    then ``native`` is false.
    """
    if native:
        numbers = [struct.pack(">H", one) for one in (number, 1, 1 if bypass else 0)]
        return (_expression("queue", *(attribute(i, one) for i, one in enumerate(numbers, 1))),)
    info = struct.pack("=HHH", number, 1, 1 if bypass else 0) + b"\0\0"
    return (_expression("target", text(1, "NFQUEUE"), u32(2, 3), attribute(3, info)),)


@dataclass(frozen=True, slots=True)
class Count:
    """What a counter saw."""

    packets: int
    bytes: int


class Table:
    """One table for IPv4 and IPv6; it exists from :meth:`commit` to :meth:`close`."""

    ALIVE = "alive"

    def __init__(self, name: str) -> None:
        """Prepare a table; nothing is in the kernel yet."""
        self.name = name
        self._netlink = Netlink(NETFILTER)
        self._parts: list[tuple[int, int, bytes]] = []
        self._add(_NEW_TABLE, CREATE, text(1, name) + u32(2, _OWNER))

    def _add(self, kind: int, how: int, body: bytes) -> None:
        self._parts.append((kind, how, body))

    def counter(self, name: str) -> None:
        """Add a counter."""
        zero = nested(4, u64(1, 0), u64(2, 0))
        self._add(_NEW_OBJECT, CREATE, text(1, self.name) + text(2, name) + u32(3, _COUNTER) + zero)

    def guard(self, lasting_s: float | None) -> Expressions:
        """Add the set that guards rules, and return what matches while it holds.

        Its members go after ``lasting_s`` seconds; with None they stay.
        """
        timed = lasting_s is not None
        body = text(1, self.name) + text(2, self.ALIVE) + u32(3, _WITH_TIMEOUT if timed else 0)
        self._add(_NEW_SET, CREATE, body + u32(4, 0) + u32(5, 1) + u32(10, 1))
        until = u64(4, max(1, round(1000 * lasting_s))) if lasting_s is not None else b""
        members = [nested(1, _value(1, bytes([one])), until) for one in (IPV4, IPV6)]
        listed = nested(3, *members)
        self._add(_NEW_ELEMENT, CREATE, text(1, self.name) + text(2, self.ALIVE) + listed)
        return (_meta(_META_FAMILY), _expression("lookup", text(1, self.ALIVE), u32(2, _REGISTER)))

    def chain(self, name: str, *, hook: int | None = None, priority: int = 0) -> None:
        """Add a chain; one with a hook sees packets by itself, in order of priority."""
        body = text(1, self.name) + text(3, name)
        if hook is not None:
            body += nested(4, u32(1, hook), u32(2, priority)) + text(7, "filter")
        self._add(_NEW_CHAIN, CREATE, body)

    def rule(self, chain: str, *parts: Iterable[Expression]) -> None:
        """Add a rule at the end of *chain*."""
        listed = nested(4, *(one for part in parts for one in part))
        body = text(1, self.name) + text(2, chain) + listed
        self._add(_NEW_RULE, CREATE | APPEND, body)

    def commit(self) -> None:
        """Make the table with all that was added.

        Raises:
            Refusal: the kernel refused it; nothing was made.
        """
        number = self._netlink.number
        wire = message(_BATCH_BEGIN, REQUEST, _head(0, 10), number())
        asked = set()
        for kind, how, body in self._parts:
            asked.add(one := number())
            flags_ = REQUEST | ACK | how
            wire += message(_SUBSYSTEM | kind, flags_, _head(INET) + body, one)
        wire += message(_BATCH_END, REQUEST, _head(0, 10), number())
        self._netlink.room(_BIG)
        self._netlink.socket.send(wire)
        self._netlink.acknowledged(asked)

    def counts(self) -> Mapping[str, Count]:
        """Read the counters.

        Raises:
            Refusal: the kernel refused it, as it does when the table is gone.
        """
        found = {}
        body = _head(INET) + text(1, self.name) + u32(3, _COUNTER)
        for answer in self._netlink.dump(_SUBSYSTEM | _GET_OBJECT, body):
            parts = attributes(answer, 4)
            if _text(parts.get(1)) != self.name or 4 not in parts:
                continue
            inner = attributes(parts[4])
            count = Count(_number(inner.get(2)), _number(inner.get(1)))
            found[_text(parts.get(2))] = count
        return found

    def disarm(self) -> None:
        """Delete every rule, so that all packets pass; the hooks stay until :meth:`close`.

        The kernel drops what waits in a queue when the hook that queued it goes.
        """
        number = self._netlink.number
        wire = message(_BATCH_BEGIN, REQUEST, _head(0, 10), number())
        asked = number()
        body = _head(INET) + text(1, self.name)
        wire += message(_SUBSYSTEM | _DELETE_RULE, REQUEST | ACK, body, asked)
        wire += message(_BATCH_END, REQUEST, _head(0, 10), number())
        self._netlink.socket.send(wire)
        self._netlink.acknowledged({asked})

    def close(self) -> None:
        """Give the table up, upon which the kernel destroys it."""
        self._netlink.close()


def permitted() -> str:
    """Return why this process may not filter packets here; an empty text when it may."""
    try:
        netlink = Netlink(NETFILTER)
    except OSError as error:
        return f"the kernel has no netfilter ({error.strerror})"
    try:
        netlink.socket.send(
            message(_SUBSYSTEM | _GET_GENERATION, REQUEST | ACK, _head(0), one := netlink.number())
        )
        netlink.acknowledged({one})
    except Refusal as error:
        if error.errno == errno.EPERM:
            return "it takes root, or a run with --isolated"
        return f"the kernel refuses it: {error.strerror}"
    finally:
        netlink.close()
    return ""


def _head(family_: int, resource: int = 0) -> bytes:
    return struct.pack(">BBH", family_, 0, resource)


def _text(data: bytes | None) -> str:
    return (data or b"").rstrip(b"\0").decode(errors="replace")


def _number(data: bytes | None) -> int:
    return int.from_bytes(data or b"", "big")
