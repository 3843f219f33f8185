"""A member's last messages reach the engine, however much of them still waits to be sent."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from hormesis.engine.crew import member
from hormesis.engine.crew.messages import Ended, Message, Messages, Ops, packed

CHUNK = bytes(1 << 20)
CHUNKS = 12


async def _play_much(self: member.Member, configure: Message) -> None:
    """Send far more than a socket holds, and end at once."""
    for _ in range(CHUNKS):
        self._sender.ops(CHUNK)
    self._sender.send(Ended(""))


def test_a_members_last_bytes_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member.Member, "_play", _play_much)
    own, others = socket.socketpair()
    statuses: list[int] = []
    living = threading.Thread(
        target=lambda: statuses.append(asyncio.run(member._live(others.detach()))), daemon=True
    )
    living.start()
    own.settimeout(10.0)
    messages, found = Messages(), list[Message]()
    with own:
        own.sendall(packed(Ended("a first message, or it does not begin")))
        while not any(isinstance(one, Ended) for one in found):
            data = own.recv(1 << 16)
            assert data, f"it went away after {len(found)} messages"
            found += messages.feed(data)
        living.join(10.0)
    assert sum(len(one.chunk) for one in found if isinstance(one, Ops)) == CHUNKS * len(CHUNK)
    assert statuses == [0]
