"""Played: what became of a race, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hormesis.testing.racing.recording import Running


@dataclass(frozen=True, slots=True)
class Escaped:
    """What an operation raised."""

    worker: int
    round: int
    name: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class Hanging:
    """A worker that did not end in time, and the line at which it stood."""

    worker: int
    round: int
    place: str


@dataclass
class Played:
    """Filled while it is played, by several threads; appending is atomic."""

    returned: list[tuple[int, int, Any]] = field(default_factory=list)
    """Round, worker, and what its operation returned."""
    escaped: list[Escaped] = field(default_factory=list)
    died: list[Escaped] = field(default_factory=list)
    """What ended a worker outside of its operations: what it did then is not recorded."""
    hanging: list[Hanging] = field(default_factory=list)
    troubles: list[BaseException] = field(default_factory=list)
    """What went wrong beside the operations, such as a connection that could not be had."""
    starts: list[tuple[int, float, float]] = field(default_factory=list)
    """Round, when a worker was to start, and when it did, in seconds of the race."""

    def began(self, round_: int, running: Running) -> None:
        """Note a start."""
        self.starts.append((round_, running.due, running.sent))

    @property
    def spread_s(self) -> float:
        """Return the time between the first start and the last one, of the worst round."""
        rounds: dict[int, list[float]] = {}
        for round_, _, sent in self.starts:
            rounds.setdefault(round_, []).append(sent)
        return max((max(sent) - min(sent) for sent in rounds.values()), default=0.0)

    @property
    def late_s(self) -> float:
        """Return how much later than drawn the latest start was."""
        return max((sent - due for _, due, sent in self.starts), default=0.0)
