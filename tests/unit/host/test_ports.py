"""Ports of runs: free, below the kernel's own, and nobody's twice."""

from __future__ import annotations

import socket
from random import Random

import pytest

from hormesis.host import ports
from hormesis.host.ports import HIGH, LOW, Ports


def test_two_runs_that_draw_the_same_get_different_ports() -> None:
    one, other = Ports(Random(7)), Ports(Random(7))
    got = {one.next() for _ in range(5)} | {other.next() for _ in range(5)}
    assert len(got) == 10
    assert all(LOW <= port < HIGH for port in got)


@pytest.mark.parametrize("by_hand", [True, False])
def test_what_is_given_back_or_forgotten_may_be_had_again(by_hand: bool) -> None:
    first = Ports(Random(8))
    port = first.next()
    if by_hand:
        first.give_back()
    else:
        del first
    assert Ports(Random(8)).next() == port


def test_a_port_that_is_in_use_is_not_handed_out() -> None:
    free = Ports(Random(9))
    port = free.next()
    free.give_back()
    with socket.create_server(("127.0.0.1", port)):
        assert Ports(Random(9)).next() != port


def test_none_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "HIGH", LOW + 2)
    few = Ports(Random(0))
    few.next(), few.next()
    with pytest.raises(OSError, match="no free port"):
        few.next()
