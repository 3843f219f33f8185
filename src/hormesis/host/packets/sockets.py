"""Which ports processes listen on, and live connections, as the kernel lists them."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from hormesis.host.packets.netlink import SOCK_DIAG, Netlink, Refusal
from hormesis.host.process import read_proc

TCP, UDP = 6, 17
_TABLES = {"tcp": TCP, "tcp6": TCP, "udp": UDP, "udp6": UDP}
_WAITING = {TCP: b"0A", UDP: b"07"}
_ESTABLISHED = 1
_BY_FAMILY, _DESTROY = 20, 21
_ASKED = struct.Struct("=BBBxI")
_IDENTITY = slice(4, 52)
"""Where an answer holds the identity of its socket (struct inet_diag_sockid)."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that waits for peers: its protocol, its address and its port."""

    protocol: int
    host: str
    port: int


def listeners(pids: Iterable[int]) -> list[Listener]:
    """Return what the processes listen on, lowest port first."""
    found: set[Listener] = set()
    for pid in pids:
        held = _held(pid)
        for table, protocol in _TABLES.items():
            for row in read_proc(pid, f"net/{table}").splitlines()[1:]:
                cells = row.split()
                if cells[3] == _WAITING[protocol] and cells[9] in held:
                    found.add(_listener(protocol, cells[1].decode()))
    return sorted(found, key=lambda one: (one.port, one.protocol, one.host))


def _held(pid: int) -> set[bytes]:
    inodes = set()
    try:
        entries = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return set()
    for entry in entries:
        with suppress(OSError):
            target = os.readlink(f"/proc/{pid}/fd/{entry}")
            if target.startswith("socket:["):
                inodes.add(target[8:-1].encode())
    return inodes


def _listener(protocol: int, cell: str) -> Listener:
    written, _, port = cell.partition(":")
    words = struct.unpack(f">{len(written) // 8}I", bytes.fromhex(written))
    raw = struct.pack(f"={len(words)}I", *words)
    kind = socket.AF_INET if len(raw) == 4 else socket.AF_INET6
    return Listener(protocol, socket.inet_ntop(kind, raw), int(port, 16))


class Connections:
    """The live TCP connections of this network namespace, and the power to end them."""

    def __init__(self) -> None:
        self._netlink = Netlink(SOCK_DIAG)

    def close(self) -> None:
        """Close the line to the kernel."""
        self._netlink.close()

    def of_aim(
        self, ports: Iterable[int], hosts: Iterable[str], *, distant: bool
    ) -> Iterator[tuple[int, bytes]]:
        """Yield family and identity of each connection of a target, at the end that is here.

        The target's ``ports`` and ``hosts`` are this end's own, or its peer's where it is distant.
        Without ports they are all that lead elsewhere.
        """
        wanted = {struct.pack(">H", port) for port in ports}
        packed = {_packed(host) for host in hosts}
        port_at, host_at = (2, 20) if distant else (0, 4)
        for family in (socket.AF_INET, socket.AF_INET6):
            size = 4 if family == socket.AF_INET else 16
            body = _ASKED.pack(family, TCP, 0, 1 << _ESTABLISHED) + bytes(48)
            for answer in self._netlink.dump(_BY_FAMILY, body):
                identity = answer[_IDENTITY]
                host = identity[host_at : host_at + size]
                if wanted:
                    meant = identity[port_at : port_at + 2] in wanted
                else:
                    meant = identity[4 : 4 + size] != identity[20 : 20 + size]
                if meant and (not packed or host in packed):
                    yield family, identity

    def end(self, family: int, identity: bytes) -> bool:
        """Reset a connection; return whether it was there.

        Raises:
            Refusal: the kernel cannot do it (INET_DIAG_DESTROY) or may not.
        """
        body = _ASKED.pack(family, TCP, 0, 1 << _ESTABLISHED) + identity
        try:
            self._netlink.ask(_DESTROY, 0, body)
        except Refusal as error:
            if error.errno == errno.ENOENT:
                return False
            raise
        return True


def _packed(host: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
