"""Chores: what one user does once before the tracks begin, and once after they have ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hormesis.engine.recording import Sink, VirtualUser
from hormesis.words.client import Client, ClientKind
from hormesis.words.clock import Clock
from hormesis.words.op import Ended, Op
from hormesis.words.randomness import stream_of


@dataclass(frozen=True)
class Chores:
    """Does one list of clients' single iterations; ``load`` is the name in the record."""

    load: str
    seed: int
    clock: Clock
    sink: Sink
    next_number: Callable[[], int]
    over: asyncio.Event

    async def do(self, clients: tuple[ClientKind, ...]) -> list[str]:
        """Let one user do each client's iteration once; return what went wrong, in words."""
        bad: list[str] = []
        for number, kind in enumerate(clients, 1):
            if self.over.is_set():
                break
            bad += await self._one(number, kind)
        return bad

    async def _one(self, number: int, kind: ClientKind) -> list[str]:
        bad: list[str] = []

        def sink(op: Op) -> None:
            self.sink(op)
            if op.outcome is not Ended.OK:
                bad.append(f"{op.name}: {op.error}")

        user = VirtualUser(
            number=number,
            load=self.load,
            rng=stream_of(self.seed, self.load, number),
            clock=self.clock,
            sink=sink,
            next_number=self.next_number,
            over=self.over,
        )
        client: Client | None = None
        try:
            client = kind.make(user)
            await client.open()
            await client.iterate()
        except Exception as error:  # noqa: BLE001 - a client is user code
            if error is not user.recorded:
                bad.append(f"{type(error).__name__}: {error}")
        finally:
            if client is not None:
                bad += await _closed(client)
        return bad


async def _closed(client: Client) -> list[str]:
    """Close *client*; return what went wrong."""
    try:
        await client.close()
    except Exception as error:  # noqa: BLE001 - a client is user code
        return [f"{type(error).__name__}: {error}"]
    return []
