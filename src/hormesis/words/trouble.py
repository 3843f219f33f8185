"""Errors that carry their place, their expectation, their next step and their exit code.

``Trouble`` is what every door catches: it prints the problems and exits with the code. Anything
else that reaches a door is a bug in Hormesis. Stdlib only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hormesis.words.outcome import ExitCode


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file something stands; line and column count from 1, 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in one sentence, with what to do next."""

    message: str
    place: Place | None = None
    path: str = ""
    hint: str = ""

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place else ""
        path = f"{self.path}: " if self.path else ""
        tail = f"; {self.hint}" if self.hint else ""
        return f"{head}{path}{self.message}{tail}"


class Trouble(Exception):
    """One or more problems that end the command with a documented exit code."""

    code: ExitCode = ExitCode.USAGE

    def __init__(self, problems: str | Problem | Iterable[Problem], *, hint: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(problems, hint=hint)
        self.problems: Sequence[Problem] = (
            (problems,) if isinstance(problems, Problem) else tuple(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageTrouble(Trouble):
    """The command line was not understood."""

    code = ExitCode.USAGE


class InputTrouble(Trouble):
    """An input file has problems; all of them are listed."""

    code = ExitCode.BAD_INPUT


class CapabilityTrouble(Trouble):
    """This machine or installation lacks something that is needed."""

    code = ExitCode.CAPABILITY_MISSING


class SkipTrouble(CapabilityTrouble):
    """This experiment cannot be run here, and says why; of a suite the others still can."""

    def __init__(self, problems: Problem | Iterable[Problem], *, title: str) -> None:
        super().__init__(problems)
        self.title = title


class DirtyTrouble(Trouble):
    """An earlier run left effects on this host that are not undone."""

    code = ExitCode.LEFT_DIRTY
