"""Rows of the store: what one run left behind, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum


class Outcome(str, Enum):
    """How one execution of a test ended."""

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED = "expected"
    """Failed, and the test says that it does (``xfail``)."""
    FLAKY = "flaky"
    """Hypothesis itself saw one example both pass and fail."""
    ERROR = "error"
    """Set-up or tear-down failed, so nothing can be said of the test."""
    SKIPPED = "skipped"
    UNSHOWN = "unshown"
    """Its fault was not seen to hurt, or there was no evidence: nothing can be said either."""

    @property
    def found(self) -> bool:
        """Whether something was found."""
        return self in (Outcome.FAILED, Outcome.EXPECTED, Outcome.FLAKY)


@dataclass(frozen=True)
class Run:
    """One run of pytest; *started* in seconds since the Unix epoch, *duration_s* in seconds."""

    number: int
    started: float
    duration_s: float
    fingerprint: str
    """What the code was, see :mod:`hormesis.testing.effectiveness.fingerprint`."""
    seed: str = ""


@dataclass(frozen=True)
class Execution:
    """One execution of one chaos test; the figures of shrinking are None when nothing shrank."""

    run: int
    test: str
    outcome: Outcome
    duration_s: float
    categories: tuple[str, ...] = ()
    examples: int | None = None
    """Hypothesis examples that were tried, of all phases."""
    shrinks_tried: int | None = None
    shrinks_good: int | None = None

    @property
    def function(self) -> str:
        """The test without its parameters."""
        return without_parameters(self.test)


@dataclass(frozen=True)
class Sighting:
    """A failure that was seen: who failed, by which exception, where."""

    run: int
    test: str
    """The test without its parameters."""
    error: str
    """The exception's type."""
    place: str
    """The innermost frame of the project, or the checks that failed."""
    message: str = ""
    expected: bool = False

    @property
    def signature(self) -> str:
        """What makes two failures the same bug."""
        return f"{self.test}|{self.error}|{self.place}"


@dataclass(frozen=True)
class Evidence:
    """Something that really happened in a test, by its word; *count* times."""

    run: int
    test: str
    word: str
    count: int = 1
    proof: str = ""
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """Rows of some runs, oldest run first."""

    runs: Sequence[Run] = ()
    executions: Sequence[Execution] = ()
    sightings: Sequence[Sighting] = ()
    evidence: Sequence[Evidence] = ()
    first_seen: Mapping[str, int] = field(default_factory=dict)
    """The run that saw a signature first, also when that run itself is no longer kept."""

    def last(self, number: int) -> Record:
        """Return the rows of the last *number* runs."""
        runs = list(self.runs)[-number:] if number > 0 else []
        return self.of({run.number for run in runs})

    def of(self, numbers: set[int]) -> Record:
        """Return the rows of the runs with these *numbers*."""
        return Record(
            [run for run in self.runs if run.number in numbers],
            [one for one in self.executions if one.run in numbers],
            [one for one in self.sightings if one.run in numbers],
            [one for one in self.evidence if one.run in numbers],
            self.first_seen,
        )


def without_parameters(test: str) -> str:
    """Return a test's id without its parameters: ``a.py::test_b[x]`` is ``a.py::test_b``."""
    path, mark, name = test.partition("::")
    return path + mark + name.partition("[")[0]
