"""Which connection a packet belongs to, and which part of a TCP stream it carries."""

from __future__ import annotations

import struct

_TCP = 6
_BYTES = struct.Struct(">H")


def flow_of(packet: bytes) -> bytes:
    """Return what the packets of one connection, in one direction, have in common."""
    if len(packet) < 24:
        return b""
    if packet[0] >> 4 == 6:
        return packet[8:44]
    start = (packet[0] & 15) * 4
    return packet[12:20] + packet[start : start + 4]


def segment_of(packet: bytes) -> bytes | None:
    """Return what a packet's TCP segment has in common with its repetition; None without data.

    That are addresses, ports, sequence number and length. Only the head of *packet* is needed.
    """
    if len(packet) < 40:
        return None
    if packet[0] >> 4 == 6:
        start, protocol, hosts = 40, packet[6], packet[8:40]
        (size,) = _BYTES.unpack_from(packet, 4)
    else:
        start, protocol, hosts = (packet[0] & 15) * 4, packet[9], packet[12:20]
        size = _BYTES.unpack_from(packet, 2)[0] - start
    if protocol != _TCP or len(packet) < start + 13:
        return None
    carried = size - (packet[start + 12] >> 4) * 4
    if carried <= 0:
        return None
    return hosts + packet[start : start + 8] + _BYTES.pack(carried & 0xFFFF)
