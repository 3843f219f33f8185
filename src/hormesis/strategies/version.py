"""Version numbers as values with an order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import total_ordering


@total_ordering
@dataclass(frozen=True)
class SemanticVersion:
    """A version such as ``1.2.3-rc.1+build``, in the order of semver.org 2.0.0, rule 11.

    The build is no part of the order: versions that differ in it alone are neither smaller nor
    larger, and yet not equal.
    """

    major: int
    minor: int = 0
    patch: int = 0
    prerelease: tuple[int | str, ...] = ()
    build: tuple[str, ...] = ()

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        before = "-" + ".".join(str(one) for one in self.prerelease) if self.prerelease else ""
        return core + before + ("+" + ".".join(self.build) if self.build else "")

    @property
    def precedence(self) -> tuple[object, ...]:
        """A key to sort by: numbers before words, a prerelease before its release."""
        words = tuple(
            (0, one, "") if isinstance(one, int) else (1, 0, one) for one in self.prerelease
        )
        return (self.major, self.minor, self.patch, not self.prerelease, words)

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, SemanticVersion):
            return NotImplemented
        return self.precedence < other.precedence
