"""Live: what is going on right now. Written by the engine, shown by doors."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from hormesis.engine.crew.merging import merged
from hormesis.record.live_figures import LiveFigures
from hormesis.words.history import LoadRecord


@dataclass
class Live:
    """A running picture."""

    phase: str = "starting"
    now: float = 0.0
    duration_s: float = 0.0
    """Planned length of the track phase, in seconds."""
    tracks_began: float | None = None
    faults_on: dict[str, str] = field(default_factory=dict)
    """Fault id to ``kind on target: proof or what is awaited``."""
    probes: dict[str, tuple[bool | None, str]] = field(default_factory=dict)
    """Probe name to (good, or None without an expectation; the value in words)."""
    figures: LiveFigures = field(default_factory=LiveFigures)
    """What operations came to, in all and in the last seconds."""
    loads: dict[str, LoadRecord] = field(default_factory=dict)
    """Each load as it stands, of all processes that play it."""
    users: int = 0
    events: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=200))
    """(run time, line) of things worth a line of their own; a plain terminal prints each once."""
    lines: int = 0
    """How many lines were ever added to ``events``."""
    _parts: dict[str, dict[str, LoadRecord]] = field(default_factory=dict)

    @property
    def ops(self) -> int:
        """Return how many operations were recorded so far."""
        return self.figures.whole(self.now).count

    def load(self, shard: int, record: LoadRecord) -> None:
        """Take a load's record as it stands in the process of that number."""
        parts = self._parts.setdefault(record.load, {})
        parts[f"process {shard}"] = record
        self.loads[record.load] = merged(parts) if len(parts) > 1 else record

    def say(self, moment: float, line: str) -> None:
        """Add a line."""
        self.events.append((moment, line))
        self.lines += 1

    def said_since(self, lines: int) -> list[tuple[float, str]]:
        """Return what was added after the first *lines* lines, as far as it is still kept."""
        new = min(self.lines - lines, len(self.events))
        return list(self.events)[-new:] if new > 0 else []
