"""Chores: what one user does once before the tracks begin, and once after they have ended."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.engine.loading.drain import Drain, LoadOutput
from hormesis.engine.loading.scene import Meter, Scene
from hormesis.engine.loading.virtual_user import VirtualUser
from hormesis.engine.waiting import sleep_unless
from hormesis.words.client import Client, ClientKind
from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar
from hormesis.words.metric import SLICE_S
from hormesis.words.op import Ended


@dataclass(frozen=True)
class Chores:
    """Does one list of clients' single iterations; ``load`` is the name in the record.

    ``meter`` and ``output`` are those of the process, so that operations stay numbered in one row.
    """

    load: str
    seed: int
    clock: Clock
    meter: Meter
    output: LoadOutput
    over: asyncio.Event

    async def do(self, clients: tuple[ClientKind, ...]) -> list[str]:
        """Let one user do each client's iteration once; return what went wrong, in words.

        Everything recorded is with the output when it returns.
        """
        bad: list[str] = []
        drain = Drain(self.meter, self.output)
        scene = Scene(
            self.load, seed=self.seed, clock=self.clock, meter=self.meter, values=drain.values
        )
        try:
            for number, kind in enumerate(clients, 1):
                if self.over.is_set():
                    break
                bad += await self._one(kind, ChoreUser(scene, number, self.over))
        finally:
            for operation in tuple(scene.running):
                operation.cut()
            start = math.floor(self.clock.now() / SLICE_S) * SLICE_S
            drain.flush(scene.gathering.take(start))
        return bad

    async def _one(self, kind: ClientKind, user: ChoreUser) -> list[str]:
        bad: list[str] = []
        client: Client | None = None
        try:
            client = kind.make(user)
            await client.open()
            await client.iterate()
        except Exception as error:  # noqa: BLE001 - a client is user code
            if error is not user.recorded:
                bad.append(f"{type(error).__name__}: {error}")
        finally:
            bad = user.bad + bad
            if client is not None:
                bad += await _closed(client)
        return bad


class ChoreUser(VirtualUser):
    """A user that remembers which of its operations did not go well."""

    __slots__ = ("_over", "_words", "bad")

    def __init__(self, scene: Scene, number: int, over: asyncio.Event) -> None:
        super().__init__(scene, number)
        self.bad: list[str] = []
        """Name and error of each operation that was not ok."""
        self._words: dict[int, str] = {}
        self._over = over

    async def pause(self, seconds: float) -> None:
        """Think for *seconds*; ends early when the run is stopped."""
        await sleep_unless(self._over, self.clock.now() + seconds, self.clock)

    async def rest(self, seconds: float) -> None:
        """Return at once, because no iteration follows."""

    def label(
        self, name: str, outcome: Ended, error: str = "", tags: Mapping[str, str] | None = None
    ) -> int:
        """Return the code of a label, and remember what it says."""
        code = super().label(name, outcome, error, tags)
        if outcome is not Ended.OK:
            self._words[code] = f"{name}: {error}"
        return code

    def record(
        self,
        label: int,
        due_ns: int,
        sent_ns: int,
        ended_ns: int,
        value: Mapping[str, Scalar] | None = None,
    ) -> None:
        """Record one operation that is over."""
        super().record(label, due_ns, sent_ns, ended_ns, value)
        if label in self._words:
            self.bad.append(self._words[label])


async def _closed(client: Client) -> list[str]:
    """Close *client*; return what went wrong."""
    try:
        await client.close()
    except Exception as error:  # noqa: BLE001 - a client is user code
        return [f"{type(error).__name__}: {error}"]
    return []
