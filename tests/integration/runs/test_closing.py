"""The end of the conversation with the custodian: its last answer is heard."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from hormesis.engine.custody import Custodian

LEASE_S = 0.002
"""So short that a beat is sent at nearly every moment."""


@dataclass
class Ended:
    """A custodian's process that has ended."""

    link: socket.socket

    def wait(self, within_s: float) -> int:
        return 0

    def kill(self) -> None:
        return

    def release(self) -> None:
        return


def answering(link: socket.socket) -> list[str]:
    """Answer every request in a thread; go as soon as *close* was answered, as the custodian does.

    Return what was asked after *close*, which is filled once it has been.
    """
    late: list[str] = []

    def serve() -> None:
        with link, link.makefile("rb") as lines:
            for line in lines:
                asked: dict[str, Any] = json.loads(line)
                answer = {"id": asked["id"], "ok": True, "result": {}}
                link.sendall(json.dumps(answer).encode() + b"\n")
                if asked["op"] == "close":
                    link.settimeout(0.05)
                    with suppress(TimeoutError):
                        late.append(lines.readline().decode())
                    return

    threading.Thread(target=serve, daemon=True).start()
    return late


async def closed(link: socket.socket) -> list[str]:
    custodian = Custodian(Ended(link), LEASE_S)  # type: ignore[arg-type]
    await custodian._open()
    await asyncio.sleep(10 * LEASE_S)  # Its beats are under way.
    return await custodian.close(5.0)


@pytest.mark.parametrize("turn", range(5))
def test_no_beat_can_break_the_line_before_the_last_answer(turn: int) -> None:
    ours, theirs = socket.socketpair()
    late = answering(theirs)
    assert asyncio.run(closed(ours)) == []
    assert late in ([], [""]), "something was asked after the last request"
