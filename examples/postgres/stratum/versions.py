"""Versions of three numbers, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from typing import Literal, Self

from stratum.canaries import planted

_FORM = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)", re.ASCII)


@total_ordering
@dataclass(frozen=True)
class Version:
    """Such as 1.10.0, which comes after 1.9.3."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version; raises ``ValueError`` for anything else."""
        if not (found := _FORM.fullmatch(text)):
            raise ValueError(f"not a version: {text!r}")
        major, minor, patch = map(int, found.groups())
        return cls(major, minor, patch)

    def next(self, part: Literal["major", "minor", "patch"]) -> Version:
        """Return the version that follows when *part* is raised; what comes after it is 0."""
        if part == "major":
            return Version(self.major + 1, 0, 0)
        if part == "minor":
            return Version(self.major, self.minor + 1, 0)
        return Version(self.major, self.minor, self.patch + 1)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def __lt__(self, other: Version) -> bool:
        if planted("version-text-order"):
            return str(self) < str(other)
        return (self.major, self.minor, self.patch) < (other.major, other.minor, other.patch)
