"""A whole run in virtual time: a real conductor and history, a fake custodian, no process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from hormesis.custodian.recover import Replayed
from hormesis.engine import conductor as conductor_module
from hormesis.engine import undoing as undoing_module
from hormesis.engine.by_hand import Hand
from hormesis.engine.conductor import Conductor
from hormesis.engine.custody import Denied
from hormesis.engine.live import Live
from hormesis.engine.stand import Stand
from hormesis.record.history_reader import read_history
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.experiment import Experiment
from hormesis.words.history import History
from hormesis.words.kind import Scalar
from hormesis.words.permit import Permit
from hormesis.words.target import Target
from hormesis.words.timeline import FaultAction, Timeline
from tests.unit.engine.fake_custodian import FakeCustodian
from tests.virtual_time import START_S, virtual_clock


class RunCustodian(FakeCustodian):
    """A fake custodian as a conductor knows it."""

    dirty: tuple[str, ...] = ()
    close_refused: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.died = asyncio.Event()
        self.closed = False
        self.left = False
        self.permit = Permit()
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None

    async def start(self, *, permit: Permit, **given: Any) -> RunCustodian:
        self.permit = permit
        return self

    async def ask(self, op: str, **given: Any) -> dict[str, Any]:
        self.told.append((round(self.clock.now(), 3), op, ""))
        return {}

    async def service(self, name: str) -> dict[str, Scalar]:
        return {"active": sum(not one.startswith("system/") for one in self.active)}

    async def close(self, patience_s: float) -> list[str]:
        self.closed = True
        if self.close_refused:
            raise Denied(self.close_refused, "gone")
        self.active.clear()
        self.left = True
        return list(self.dirty)

    async def leave(self) -> None:
        self.closed = self.left = True

    def die(self) -> None:
        """End, as far as the engine sees it; every further word is refused."""
        self.refuse_do = dict.fromkeys(self.any_effect(), "gone")
        self.refuse_undo = dict(self.refuse_do)
        self.died.set()

    def any_effect(self) -> list[str]:
        return [f"sore-{track}/{number}" for track in range(1, 9) for number in range(4)]

    def tells(self, sort: str, **event: Any) -> None:
        """Send the engine an event."""
        self.on_event({"event": sort, "at": START_S + self.clock.now(), **event})


@dataclass
class Run:
    """One run of an experiment of given parts."""

    folder: Path
    patch: pytest.MonkeyPatch
    parts: dict[str, Any] = field(default_factory=dict)
    actions: tuple[FaultAction, ...] = ()
    duration_s: float = 10.0
    hand: Hand | None = None
    replayed: list[Replayed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = virtual_clock()
        self.custodian = RunCustodian()
        self.live = Live()
        self.replays = 0
        experiment = Experiment(title="t", source="t.yaml", seed=7, **self.parts)
        timeline = Timeline(
            experiment=experiment,
            actions=self.actions,
            loads=experiment.loads,
            probes=experiment.probes,
            moments=(),
            permit=Permit((("pause", "web"),), hold_s_max=experiment.limits.hold_s),
            duration_s=self.duration_s,
        )
        stand = Stand("r1", self.folder, self.folder, self.folder / "ledger", "/tmp/none")
        self.writer = HistoryWriter(self.folder)
        self.writer.manifest({"run": "r1"})
        self.patch.setattr(conductor_module, "Custodian", self.custodian)
        self.patch.setattr(undoing_module, "replay", self._replay)
        self.patch.setattr(conductor_module.asyncio, "to_thread", _at_once)
        self.conductor = Conductor(
            timeline, stand, self.writer, clock=self.clock, live=self.live, hand=self.hand
        )

    def _replay(self, ledger: Path) -> list[Replayed]:
        self.replays += 1
        self.custodian.active.clear()
        return self.replayed

    async def play(self) -> History:
        """Play it, and read back what was written, whatever became of it."""
        try:
            await self.conductor.play()
        finally:
            self.writer.close()
        history = self.history()
        assert self.custodian.left
        assert self.custodian.active == []
        return history

    def history(self) -> History:
        return read_history(self.folder)

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, call)


async def _at_once(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def action(fault: Any, *, number: int = 1, at_s: float = 1.0, for_s: float = 3.0) -> FaultAction:
    """Return one fault action on a service."""
    target = Target("server", service="server")
    made = FaultAction("", "sore", fault, target, at_s, for_s, "fault/sore")
    return replace(made, id=f"sore-{number}", track=f"sore-{number}")
