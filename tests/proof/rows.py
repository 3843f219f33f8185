"""The rows of the proof table: one experiment file for each fault by each mechanism.

``tests/proof/<fault>.<mechanism>.yaml``. A row breaks a small system of its own, so that the fault
can be seen to bite, and is drilled: its engine, its custodian and both are killed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hormesis.compose.registry import catalogue

FOLDER = Path(__file__).resolve().parent
OURS = "hormesis."
ELSEWHERE = {
    "memory-saturation.cgroup": "it needs a target whose control group is limited already, which"
    " tests/integration/processes makes",
}
"""Cells without a file, and why."""


@dataclass(frozen=True, order=True)
class Row:
    """One cell of faults × mechanisms."""

    fault: str
    mechanism: str

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.fault}.{self.mechanism}.yaml"

    def __str__(self) -> str:
        return f"{self.fault}.{self.mechanism}"


def every_row() -> list[Row]:
    """Return every cell that our own shelf asks for."""
    return sorted(
        Row(name, way.name)
        for name, kind in catalogue().faults.items()
        if kind.__module__.startswith(OURS)
        for way in kind.every_way()
    )


def further_rows() -> list[Row]:
    """Return the rows that exist beyond those: the same faults on other sorts of targets."""
    found = {Row(*path.stem.partition(".")[::2]) for path in FOLDER.glob("*.yaml")}
    return sorted(found - set(every_row()))
