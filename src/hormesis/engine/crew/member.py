"""A member of the crew: a process that plays its share of the loads and reports to the engine.

It is started as ``python -m hormesis.engine.crew.member FD PID`` by
:class:`hormesis.host.member_process.MemberProcess`, here or by a cluster's worker.
"""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import hormesis
from hormesis.engine.crew.member_clock import MemberClock
from hormesis.engine.crew.messages import (
    HEALTH_S,
    Begin,
    Broke,
    Configure,
    Ended,
    Health,
    Imports,
    Labels,
    Message,
    Messages,
    Metrics,
    Ops,
    Ready,
    Record,
    Stop,
    Values,
    packed,
)
from hormesis.engine.loading.player import Player
from hormesis.host.member_process import end_with, open_line
from hormesis.wire.core import Meter
from hormesis.words.history import LoadRecord
from hormesis.words.metric import MetricSlice

_READ_BYTES = 1 << 20
_UNREAD_BYTES_MAX = 1 << 28
"""So much that the engine has not taken is too much to keep."""


class Sender:
    """A player's output that goes to the engine; never waits for it."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def send(self, message: Message) -> None:
        """Send one message.

        Raises:
            MemoryError: the engine has not read for so long that too much waits.
        """
        if self._writer.transport.get_write_buffer_size() > _UNREAD_BYTES_MAX:
            raise MemoryError("the engine has not read what was measured")
        self._writer.write(packed(message))

    def ops(self, chunk: bytes) -> None:
        """Send operation records."""
        if chunk:
            self.send(Ops(chunk))

    def labels(self, rows: list[Any]) -> None:
        """Send new rows of the table of labels."""
        if rows:
            self.send(Labels(rows))

    def values(self, values: list[tuple[int, Mapping[str, Any]]]) -> None:
        """Send what single operations were about."""
        if values:
            self.send(Values(values))

    def metrics(self, slices: list[MetricSlice]) -> None:
        """Send slices of metrics."""
        if slices:
            self.send(Metrics(slices))

    def load(self, record: LoadRecord) -> None:
        """Send one load as it stands."""
        self.send(Record(record))


class Member:
    """One member's life, from Configure to Ended."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._sender = Sender(writer)
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._players: list[Player] = []
        self._stopped = False

    async def live(self) -> int:
        """Do what the engine says until all is played; return the exit status."""
        listening = asyncio.create_task(self._listen())
        try:
            await self._play(await self._inbox.get())
            status = 0
        except (SystemExit, asyncio.CancelledError):
            # A task that a user left behind may end the program too; that cancels this one.
            self._sender.send(Broke("the code of its users ended the program"))
            status = 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the engine must hear of it
            traceback.print_exc()
            self._sender.send(Broke(f"{type(error).__name__}: {error}"))
            status = 1
        listening.cancel()
        self._writer.close()
        with suppress(OSError):
            # Its last words are gone once the loop is: a drain would leave a part behind.
            await self._writer.wait_closed()
        return status

    async def _listen(self) -> None:
        messages = Messages()
        while data := await self._reader.read(_READ_BYTES):
            for message in messages.feed(data):
                if isinstance(message, Stop):
                    self._stopped = True
                    for player in self._players:
                        player.end() if message.gently else player.stop()
                if isinstance(message, Imports):
                    # What the engine could import must be found here too, scripts' modules say.
                    sys.path.extend(one for one in message.path if one not in sys.path)
                else:
                    self._inbox.put_nowait(message)
        # The engine is gone. Nobody wants what this process does now, and nothing may hold it up.
        os._exit(0)

    async def _play(self, configure: Message) -> None:
        if not isinstance(configure, Configure):
            raise TypeError(f"expected Configure, got {type(configure).__name__}")
        if configure.version != hormesis.__version__:
            raise RuntimeError(
                f"Hormesis {hormesis.__version__} is installed here, the run's is "
                f"{configure.version}"
            )
        clock = MemberClock(configure.zero_ns, configure.wall)
        meter = Meter(zero_ns=configure.zero_ns, first=configure.first, step=configure.step)
        self._players = [
            Player(
                share.tracks,
                part=share.part,
                parts=share.parts,
                seed=configure.seed,
                clock=clock,
                meter=meter,
                output=self._sender,
            )
            for share in configure.shares
        ]
        self._sender.send(Ready())
        begin = await self._inbox.get()
        if isinstance(begin, Begin) and not self._stopped:
            telling = asyncio.create_task(self._tell_health())
            async with asyncio.TaskGroup() as group:
                for player in self._players:
                    group.create_task(player.play(begin.began))
            telling.cancel()
        self._sender.send(Ended(self._unmade()))

    async def _tell_health(self) -> None:
        while True:
            users = sum(player.users for player in self._players)
            self._sender.send(Health(users, self._unmade()))
            await asyncio.sleep(HEALTH_S)

    def _unmade(self) -> str:
        return next((player.unmade for player in self._players if player.unmade), "")


async def _live(fd: int) -> int:
    return await Member(*await open_line(fd)).live()


def main() -> None:
    """Run one member with its end of the line and its parent's pid as arguments."""
    fd, parent = int(sys.argv[1]), int(sys.argv[2])
    end_with(parent)
    sys.exit(asyncio.run(_live(fd)))


if __name__ == "__main__":
    main()
