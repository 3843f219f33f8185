"""A custodian and eyes for tests: what is done stays in a list, what is seen is a function."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

from hormesis.engine.custody import Denied
from hormesis.engine.injecting import Injection, Surgery
from hormesis.engine.live import Live
from hormesis.words.experiment import Limits
from hormesis.words.fault import Fault
from hormesis.words.history import FaultRecord
from hormesis.words.look import EffectLook, Look, ProcessLook, Reading
from hormesis.words.target import Target
from hormesis.words.timeline import FaultAction
from hormesis.words.verb import VerbCall
from tests.virtual_time import virtual_clock


class Sore(Fault):
    """A fault of some verbs that hurts while something is active."""

    verbs_asked: tuple[str, ...] = ("pause",)
    holder: bool = False

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall(verb, {"subject": target.service}) for verb in self.verbs_asked]

    def look(self, target: Target) -> Look:
        return EffectLook() if self.holder else ProcessLook(target.service or "")

    def hurts(self, before: Reading, now: Reading) -> str:
        return f"{now['active']} active" if now.get("active") else ""

    def healed(self, before: Reading, now: Reading) -> str:
        return "" if now.get("active") else "nothing active"


class Moment(Sore):
    """A fault that is over as soon as it has happened."""

    momentary: ClassVar[bool] = True


class Broken(Sore):
    """A plugin's fault with a bug."""

    def hurts(self, before: Reading, now: Reading) -> str:
        raise ZeroDivisionError("oops")


@dataclass
class FakeCustodian:
    """Does as it is told, one call a tenth of a second, and can refuse."""

    refuse_do: dict[str, str] = field(default_factory=dict)
    """Effect to the ``why`` of the refusal."""
    refuse_undo: dict[str, str] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()
    """Effects that somebody else has changed by the time they are undone."""
    told: list[tuple[float, str, str]] = field(default_factory=list)
    holds: dict[str, float | None] = field(default_factory=dict)
    calls: dict[str, VerbCall] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    children: tuple[int, ...] = ()
    """The pid that a slot is given; 0: others took them all; none: no child lives."""
    seated: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = virtual_clock()

    async def _take(self, word: str, effect: str, refused: str | None) -> None:
        self.told.append((round(self.clock.now(), 3), word, effect))
        await self.clock.sleep_until(self.clock.now() + 0.1)
        if refused is not None:
            raise Denied(f"{word} refused", refused)

    async def do(self, effect: str, call: VerbCall, hold_s: float | None) -> dict[str, Any]:
        self.holds[effect] = hold_s
        self.calls[effect] = call
        await self._take("do", effect, self.refuse_do.get(effect))
        self.active.append(effect)
        return {}

    async def undo(self, effect: str) -> str:
        await self._take("undo", effect, self.refuse_undo.get(effect))
        if effect not in self.active:
            return "gone"
        self.active.remove(effect)
        return "not-mine" if effect in self.foreign else "done"

    async def seat(self, slot: str, holder: str, draw: str, **chosen: Any) -> int | None:
        self.seated[holder] = {"slot": slot, "draw": draw, **chosen}
        await self._take("seat", holder, None if self.children else "nobody")
        if self.children[0] == 0:
            return None
        return self.children[0]

    async def leave_seat(self, slot: str, holder: str) -> None:
        await self._take("leave", holder, None)

    def words(self) -> list[str]:
        return [f"{word} {effect}" for _, word, effect in self.told]


@dataclass
class FakeEyes:
    """Sees what the custodian holds, from some moment on and until another."""

    custodian: FakeCustodian
    blind: bool = False
    linger_s: float = 0.0
    """How much longer a bite is seen after what caused it was undone."""
    latent_s: float = 0.0
    """How long a bite cannot be seen after it was done."""
    fades_s: float = float("inf")
    """How long a bite lasts although nobody undoes it."""
    error: str = ""
    read_at: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    _on: float | None = None
    _off: float = float("-inf")

    async def read(self, look: Look) -> Reading:
        now = self.custodian.clock.now()
        self.read_at.append(round(now, 3))
        self.looks.append(look)
        if self.error:
            return {"error": self.error}
        if self.custodian.active:
            self._on = now if self._on is None else self._on
            self._off = now
            over = now >= self._on + self.fades_s
            seen = not self.blind and not over and now >= self._on + self.latent_s
            return {"active": len(self.custodian.active) if seen else 0}
        return {"active": int(now < self._off + self.linger_s)}


@dataclass
class Theatre:
    """One injection with its fake surroundings; records every state of its record."""

    fault: Fault = field(default_factory=Sore)
    at_s: float = 1.0
    for_s: float = 5.0
    limits: Limits = field(default_factory=Limits)
    custodian: FakeCustodian = field(default_factory=FakeCustodian)
    records: list[FaultRecord] = field(default_factory=list)
    eyes: FakeEyes | None = None

    def __post_init__(self) -> None:
        self.stop = asyncio.Event()
        self.live = Live()
        self.clock = self.custodian.clock
        self.eyes = self.eyes or FakeEyes(self.custodian)
        action = FaultAction(
            id="sore-1",
            track="sore",
            fault=self.fault,
            target=Target("server", service="server"),
            at_s=self.at_s,
            for_s=self.for_s,
            stream="fault/sore/server",
        )
        surgery = Surgery(
            custodian=self.custodian,
            eyes=self.eyes,
            clock=self.clock,
            limits=self.limits,
            control="/run/proxy.sock",
            sink=self.records.append,
            live=self.live,
            stop=self.stop,
        )
        self.injection = Injection(action, surgery, Random(1))

    async def play(self) -> FaultRecord:
        await self.injection.play(self.clock.now())
        return self.last

    @property
    def last(self) -> FaultRecord:
        return self.records[-1]

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, call)
