"""An environment that remembers what was asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Consulted(Mapping[str, str]):
    """A read-only view of *environment*; ``seen`` holds the variables that were looked up and set.

    A run's command has to name these, and no other variable of the environment.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.seen: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        value = self._environment[name]
        self.seen[name] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._environment)

    def __len__(self) -> int:
        return len(self._environment)
