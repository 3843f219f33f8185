"""Read problems: what was unreadable in a run's files, a bounded number of sentences per file."""

from __future__ import annotations

from pathlib import Path

TOLD_MAX = 20
"""So many are told one by one; the rest is counted."""


class ReadProblems:
    """Collects sentences that begin with a file's name."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._counts: dict[str, int] = {}

    def add(self, file: Path, text: str, times: int = 1) -> None:
        """Add one sentence, or a sentence that holds for so many places in the file."""
        count = self._counts.get(file.name, 0)
        self._counts[file.name] = count + times
        if count < TOLD_MAX:
            self._told.append(f"{file.name}{text}")

    def count(self, file: Path) -> int:
        """Return how many there are of *file*."""
        return self._counts.get(file.name, 0)

    def told(self) -> tuple[str, ...]:
        """Return the sentences, and how many more there were of each file."""
        more = (
            f"{name}: and {count - TOLD_MAX} more"
            for name, count in self._counts.items()
            if count > TOLD_MAX
        )
        return (*self._told, *more)
