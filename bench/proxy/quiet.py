"""Quiet: what a process got of its core, and how long others kept it waiting for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class TooBusyError(Exception):
    """Others left too few quiet slices for a figure."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Seconds of one process, all its threads together; exact to nanoseconds."""

    ran: float = 0.0
    waited: float = 0.0
    """Ready to run, while the core was taken by somebody else."""

    def since(self, before: Turn) -> Turn:
        """Return what was added since *before*."""
        return Turn(self.ran - before.ran, self.waited - before.waited)


def turn_of(pid: int) -> Turn:
    """Return what the process *pid* has had so far."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    times = [one.read_text().split() for one in threads]
    return Turn(sum(int(ran) for ran, *_ in times) / 1e9, sum(int(w) for _, w, *_ in times) / 1e9)
