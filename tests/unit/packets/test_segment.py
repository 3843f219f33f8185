from __future__ import annotations

import socket
import struct

import pytest

from hormesis.host.packets.segment import flow_of, segment_of


def packet(data: bytes = b"data", *, number: int = 1, port: int = 80, six: bool = False) -> bytes:
    tcp = struct.pack(">HHIIBBHHH", port, 40_000, number, 0, 5 << 4, 16, 0, 0, 0) + data
    if six:
        hosts = socket.inet_pton(socket.AF_INET6, "::1") + socket.inet_pton(socket.AF_INET6, "::2")
        return struct.pack(">IHBB", 6 << 28, len(tcp), 6, 64) + hosts + tcp
    hosts = socket.inet_aton("10.0.0.1") + socket.inet_aton("10.0.0.2")
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0)
    return head + hosts + tcp


@pytest.mark.parametrize("six", [False, True])
def test_a_repetition_is_known_by_its_head_and_nothing_else_is(six: bool) -> None:
    one = segment_of(packet(six=six))
    assert one is not None
    assert one == segment_of(packet(six=six)) == segment_of(packet(six=six)[:60])
    for other in (packet(number=2, six=six), packet(port=81, six=six), packet(b"da", six=six)):
        assert segment_of(other) not in (None, one)


@pytest.mark.parametrize("six", [False, True])
def test_an_acknowledgement_is_no_segment(six: bool) -> None:
    assert segment_of(packet(b"", six=six)) is None
    assert segment_of(packet(six=six)[:30]) is None


@pytest.mark.parametrize("six", [False, True])
def test_packets_of_one_connection_share_a_flow(six: bool) -> None:
    assert flow_of(packet(six=six)) == flow_of(packet(b"", number=9, six=six)) != b""
    assert flow_of(packet(six=six)) != flow_of(packet(port=81, six=six))
    assert flow_of(b"") == b""
