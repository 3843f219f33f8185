"""A small catalogue, so that the tests of files do not change with the shelves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from hormesis.words.catalogue import Catalogue
from hormesis.words.check import Check, Verdict
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.fault import Fault
from hormesis.words.history import History
from hormesis.words.kind import Kind
from hormesis.words.load import Burst, Closed, Load, Shape
from hormesis.words.look import Look, ProcessLook, Reading
from hormesis.words.outcome import Outcome
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.target import Facet, Target
from hormesis.words.units import Bytes, PerSecond, Seconds, Share, Span
from hormesis.words.verb import VerbCall
from hormesis.words.window import Window


class SmallFault(Fault):
    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        verb = "toxic" if Facet.LINK in self.needs else self.kind
        subject = target.link if Facet.LINK in self.needs else target.service
        return [VerbCall(verb, {"subject": subject, "draw": rng.randrange(1000)})]

    def look(self, target: Target) -> Look:
        return ProcessLook(target.service or "")

    def hurts(self, before: Reading, now: Reading) -> str:
        return ""

    def healed(self, before: Reading, now: Reading) -> str:
        return ""


class Stop(SmallFault):
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS, Facet.RESTARTABLE})
    mechanism: ClassVar[str] = "signal"

    signal: Literal["TERM", "INT", "QUIT"] = "TERM"
    """What to send."""
    grace: Seconds = 5.0
    """How long to wait."""


class Kill(SmallFault):
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.PROCESS})
    momentary: ClassVar[bool] = True
    mechanism: ClassVar[str] = "signal"

    tree: bool = False


class Latency(SmallFault):
    needs: ClassVar[frozenset[Facet]] = frozenset({Facet.LINK})
    mechanism: ClassVar[str] = "proxy"

    delay: Seconds
    """How long each chunk waits."""
    share: Share = 1.0
    rate: Bytes | None = None


class ConstantVus(Load):
    vus: int = Field(ge=1)
    """How many users."""
    for_: Span = Field(alias="for")
    rate: PerSecond | None = None

    def shape(self) -> Shape:
        return Closed(lambda _: self.vus, self.vus, self.for_)


class Barrier(Load):
    vus: int = Field(ge=1)
    rounds: int = 1
    gap: Span = 0.0

    def shape(self) -> Shape:
        return Burst(self.vus, self.rounds, self.gap)


class Pause(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Seconds
    max: Seconds


class Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    get: str = ""
    headers: dict[str, str] = {}
    expect: Any = None
    think: Seconds | Pause = 0.0


class SmallClient(ClientKind):
    def make(self, user: User) -> Client:
        raise NotImplementedError


class Http(SmallClient):
    shorthand: ClassVar[str] = "base"

    base: str
    """Where the requests go."""
    steps: list[Step] = Field(min_length=1)

    def operations(self) -> frozenset[str]:
        return frozenset(step.name for step in self.steps)


class Python(SmallClient):
    shorthand: ClassVar[str] = "use"

    use: str
    with_: dict[str, Any] = Field(default_factory=dict, validation_alias="with")


class SmallProbe(Probe):
    async def observe(self, world: World) -> Observation:
        return Observation()


class Ask(SmallProbe):
    get: str
    timeout: Seconds = 2.0


class Sql(SmallProbe):
    query: str
    rows_max: int = 100


class SmallCheck(Check):
    def judge(self, history: History) -> Verdict:
        return self.verdict(Outcome.UNKNOWN, "")


class NeverDuplicate(SmallCheck):
    refers: ClassVar[Mapping[str, str]] = {"of": "op"}

    of: str
    key: str | list[str] = "id"


class NeverExit(SmallCheck):
    judges_live: ClassVar[bool] = True
    refers: ClassVar[Mapping[str, str]] = {"of": "service"}

    of: str


class Always(SmallCheck, Window):
    shorthand: ClassVar[str] = "probe"
    refers: ClassVar[Mapping[str, str]] = {"probe": "probe"}

    probe: str
    expect: Any = None


class Eventually(SmallCheck):
    shorthand: ClassVar[str] = "probe"
    refers: ClassVar[Mapping[str, str]] = {"probe": "probe", "after": "fault-or-edge"}

    probe: str
    within: Seconds
    after: str = "end"


class Lost(SmallCheck):
    refers: ClassVar[Mapping[str, str]] = {"of": "op", "found_in": "probe-or-op"}

    of: str
    found_in: str


def _named(**kinds: type[Kind]) -> dict[str, Any]:
    named = {}
    for name, kind in kinds.items():
        kind.kind = name.replace("_", "-")
        named[kind.kind] = kind
    return named


def small_catalogue() -> Catalogue:
    """Return the small catalogue."""
    return Catalogue(
        faults=_named(stop=Stop, kill=Kill, latency=Latency),
        loads=_named(constant_vus=ConstantVus, barrier=Barrier),
        clients=_named(http=Http, python=Python),
        probes=_named(ask=Ask, sql=Sql),
        checks=_named(
            never_duplicate=NeverDuplicate,
            never_exit=NeverExit,
            always=Always,
            eventually=Eventually,
            never_lost=Lost,
        ),
    )
