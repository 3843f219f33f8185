"""Scene: what all virtual users of one load in this process share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from hormesis.engine.loading.bell import Bell
from hormesis.engine.loading.gathering import Gathering
from hormesis.engine.loading.place import Place
from hormesis.words.clock import Clock
from hormesis.words.kind import Scalar


class Meter(Protocol):
    """What counts operations and tells the time; plain Python or compiled."""

    @property
    def counted(self) -> int:
        """How many records there were so far."""
        ...

    def now_ns(self) -> int:
        """Return nanoseconds of the run."""
        ...

    def label(
        self, load: str, name: str, outcome: Any, error: str = "", tags: Mapping[str, str] = ...
    ) -> int:
        """Return the code of a label."""
        ...

    def record(self, label: int, user: int, due_ns: int, sent_ns: int, ended_ns: int) -> int:
        """Record one operation; return its number."""
        ...

    def take_ops(self) -> bytes:
        """Return the records since the last time."""
        ...

    def take_labels(self) -> list[Any]:
        """Return the rows of labels since the last time."""
        ...


class Cuttable(Protocol):
    """An operation that runs."""

    def cut(self) -> None:
        """Record it as cut off."""
        ...


class Scene:
    """One load's meter, tags, metrics and bells."""

    __slots__ = (
        "arrivals", "clock", "ending", "gathering", "load", "meter", "over", "place", "running",
        "seed", "values",
    )  # fmt: skip

    def __init__(
        self,
        load: str,
        *,
        seed: int,
        clock: Clock,
        meter: Meter,
        tags: Mapping[str, str] | None = None,
        values: list[tuple[int, Mapping[str, Scalar]]] | None = None,
    ) -> None:
        self.load = load
        self.arrivals = False
        """Whether the load says when each iteration is due."""
        self.seed = seed
        self.clock = clock
        self.meter = meter
        self.gathering = Gathering(load)
        self.place = Place(self.gathering, tags or {})
        self.ending = Bell()
        """Rung when no iteration is to begin any more."""
        self.over = Bell()
        """Rung when the load is stopped: pauses end."""
        self.running: set[Cuttable] = set()
        """Operations that were begun and have not ended."""
        self.values: list[tuple[int, Mapping[str, Scalar]]] = [] if values is None else values
        """What operations were about, by number, since the last drain."""
