"""Probe and Observation: a read of the world gives values, or the named reason there are none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from hormesis.words.kind import Kind, Scalar


@dataclass(frozen=True, slots=True)
class Observation:
    """What a probe saw. ``fields["value"]`` is the main value; ``reason`` says why there is none.

    ``rows`` holds the lines of a table-shaped answer (SQL), at most as many as the probe's limit.
    ``carried`` is what a later look of the same run is compared with; it is not recorded. None:
    this look read nothing that another could be compared with.
    """

    fields: Mapping[str, Scalar] = field(default_factory=dict)
    reason: str = ""
    rows: tuple[Mapping[str, Scalar], ...] = ()
    carried: Mapping[Any, Any] | None = None

    @property
    def value(self) -> Scalar:
        """Return the main value, or None."""
        return self.fields.get("value")


class World(Protocol):
    """What a probe may use besides its own connection: readings of services."""

    async def service(self, name: str) -> Mapping[str, Scalar]:
        """Return the reading of one service: ``state``, ``pid``, ``generation``."""
        ...


class Probe(Kind):
    """A read of the world. It never changes anything."""

    needs_expect: ClassVar[bool] = False
    """True when a bad state is a value like any other: a status of 500, a process that is gone. As
    a condition of the steady state such a probe proves nothing without an expectation."""

    expect: Any = None
    """What the observation should be: a value, a comparison, a list of alternatives, or a mapping
    of field to those (see *Expectations* in the reference of the file); left out: only recorded."""

    @property
    def needs_first_look(self) -> bool:
        """Whether it tells what has changed since the run began.

        Then it is read before the tracks begin, and :meth:`compared` makes each later look into
        what is told. A probe has no memory: whoever looks keeps what is carried.
        """
        return False

    def compared(self, seen: Observation, before: Observation) -> Observation:
        """Return what *seen* tells after *before*, and carries for the look after it.

        *before* is the first look, or what was told of the latest look that carries something. Only
        asked of a probe that needs a first look.
        """
        return seen

    def told_miss(self, miss: str, seen: Observation) -> str:
        """Return *miss*, what *seen* lacks of the expectation, with what explains it."""
        return miss

    @abstractmethod
    async def observe(self, world: World) -> Observation:
        """Look once. Never raises for what the world does: a failure is an Observation's reason."""
