"""Looks: the closed vocabulary of observations that prove a fault's bite. Plain data.

A fault names a look and judges its readings; ``host/looks`` knows how to look. A reading is a
flat mapping of names to scalars, so it fits in the history as evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.words.kind import Scalar

Reading = Mapping[str, Scalar]
"""What a look saw. An ``error`` entry says why there is no other."""


@dataclass(frozen=True, slots=True)
class ProcessLook:
    """Read a service: ``state`` (running, stopped, gone), ``pid``, ``generation`` (starts)."""

    service: str


@dataclass(frozen=True, slots=True)
class LinkLook:
    """Read a link and one toxic on it, from the proxy's own counters.

    ``active`` (the toxic is there), ``hits`` (chunks or connections it touched), ``delay_ms_mean``
    (delay really added to those), ``bytes_per_s`` (rate let through while it was there),
    ``met`` (connections or requests it could have touched), ``bytes_shaped`` (bytes it touched),
    ``connections`` (opened in all), ``refused``, ``resets``, ``bytes_up``, ``bytes_down``.
    """

    link: str
    toxic: str = ""
    """Filled in by the engine: toxics go by the ids of their effects."""
    control: str = ""
    """The control socket; empty: that of the run's proxy."""


@dataclass(frozen=True, slots=True)
class EffectLook:
    """Read what the custodian can say of one verb call of this fault, in flat scalars.

    A holder or program says its last report line; another verb reads the host itself, also after
    it was undone. ``outside`` counts processes of the service that the effect does not reach, as
    one that was started again. ``ended`` is added once the fault was released.
    """

    number: int = -1
    """Which of the fault's verb calls, counted from 0; -1 is the last."""
    effect: str = ""
    """Filled in by the engine: the custodian's id of the effect."""


@dataclass(frozen=True, slots=True)
class AddressLook:
    """Connect to ``host:port`` over TCP and hang up.

    ``connect`` (ok, refused, timeout, reset, unreachable) and, when ok, ``connect_ms``.
    """

    address: str


@dataclass(frozen=True, slots=True)
class SqlLook:
    """Read one number from PostgreSQL: ``value``."""

    dsn: str
    query: str


@dataclass(frozen=True, slots=True)
class RedisLook:
    """Ask Redis one command that only reads: ``value``, or the reply's fields by name."""

    url: str
    command: tuple[str, ...]


Look = ProcessLook | LinkLook | EffectLook | AddressLook | SqlLook | RedisLook


def number(reading: Reading, name: str) -> float | None:
    """Return the number *name* of a reading, or None when it is missing or no number."""
    value = reading.get(name)
    return float(value) if isinstance(value, int | float) else None


def figure(reading: Reading, name: str) -> float:
    """Return the number *name* of a reading, such as a counter; 0 when there is none."""
    return number(reading, name) or 0.0
