"""Which packets are aimed at: where each one is taken, once."""

from __future__ import annotations

import struct

import pytest

from hormesis.host.packets.aim import Aim, NoAim, aim_of
from hormesis.host.packets.netlink import attributes, each_message, message, nested, text, u16, u32
from hormesis.host.packets.nf_tables import INPUT, OUTPUT
from hormesis.host.packets.sockets import TCP, UDP


def taken(aim: Aim) -> list[tuple[str, int]]:
    return [(way, hook) for way, hook, _ in aim.places()]


def test_what_goes_to_a_server_is_taken_where_it_arrives_and_once() -> None:
    aim = Aim(endpoints=((TCP, 80),))
    assert taken(aim) == [("to", INPUT), ("from", INPUT), ("from", OUTPUT)]


def test_a_distant_server_is_met_on_the_way_out_and_back() -> None:
    aim = Aim(endpoints=((TCP, 80),), hosts=("10.0.0.9",), distant=True)
    assert taken(aim) == [("to", OUTPUT), ("from", INPUT)]


def test_a_whole_namespace_is_cut_at_its_edge() -> None:
    assert taken(Aim()) == [("to", INPUT), ("from", OUTPUT)]


def test_each_endpoint_and_address_has_its_match() -> None:
    aim = Aim(ways=("to",), endpoints=((TCP, 80), (UDP, 53)), hosts=("127.0.0.1", "::1"))
    matches = [match for _, _, match in aim.places()]
    assert len(matches) == len(set(matches)) == 4


def test_only_new_connections_are_tcp() -> None:
    aim = Aim(ways=("to",), endpoints=((TCP, 80), (UDP, 80)), new_only=True)
    assert len(taken(aim)) == 1
    assert len(taken(Aim(new_only=True))) == 2


def test_ports_given_are_aimed_at_over_both_protocols() -> None:
    aim = aim_of({"ports": [80], "direction": "out"})
    assert (aim.ways, aim.endpoints) == (("from",), ((TCP, 80), (UDP, 80)))
    assert aim_of({"ports": [80], "protocol": "udp"}).endpoints == ((UDP, 80),)
    assert aim.knock_at == ("127.0.0.1", 80)


def test_a_whole_namespace_must_be_asked_for() -> None:
    with pytest.raises(NoAim, match="expected ports, an address or a process"):
        aim_of({})
    assert aim_of({"whole": True}).endpoints == ()


def test_an_address_of_this_machine_is_near() -> None:
    aim = aim_of({"address": "127.0.0.1:5432"})
    assert (aim.hosts, aim.distant, aim.knock_at) == (("127.0.0.1",), False, ("127.0.0.1", 5432))
    assert aim_of({"address": "192.0.2.1:80"}).distant


def test_a_process_that_listens_nowhere() -> None:
    with pytest.raises(NoAim, match="listen on no port"):
        aim_of({"pids": [-1]})


def test_messages_and_attributes_are_read_back() -> None:
    body = text(1, "name") + nested(2, u32(3, 7), u16(4, 8))
    wire = message(5, 1, body, 42) + message(6, 1, b"", 43)
    (kind, number, found), (other, _, nothing) = each_message(wire)
    assert (kind, number, other, nothing) == (5, 42, 6, b"")
    outer = attributes(found)
    assert outer[1] == b"name\0"
    assert attributes(outer[2]) == {3: struct.pack(">I", 7), 4: struct.pack(">H", 8)}


@pytest.mark.parametrize("wire", [b"", b"\1\2\3", b"\0" * 40, b"\xff" * 40])
def test_what_is_no_message_is_not_read(wire: bytes) -> None:
    assert len(list(each_message(wire))) <= 1
    assert len(attributes(wire)) <= 1
