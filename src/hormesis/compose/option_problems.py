"""Problems of options: all of them at once, each with the option it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from hormesis.words.trouble import InputTrouble, Problem, UsageTrouble

T = TypeVar("T")


class OptionProblems:
    """Gathers what is wrong with a command line's options."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, option: str, message: str, hint: str = "") -> None:
        """Add a problem of *option*."""
        self._problems.append(Problem(message, path=option, hint=hint))

    def parsed(self, option: str, text: str, parse: Callable[[str], T], otherwise: T) -> T:
        """Return *text* parsed; what is wrong with it is added, and *otherwise* returned."""
        try:
            return parse(text)
        except ValueError as error:
            self.add(option, f"{error}, found {text!r}")
            return otherwise

    def raise_if_any(self) -> None:
        """Raise all problems there are.

        Raises:
            UsageTrouble: there are some.
        """
        if self._problems:
            raise UsageTrouble(self._problems)


@dataclass(frozen=True)
class Said:
    """What the user wrote, and whether the rest of a path goes on from there."""

    text: str
    goes_on: bool = False


def told_by_option(trouble: InputTrouble, said: Mapping[str, Said]) -> InputTrouble:
    """Return *trouble* with each problem at what the user wrote instead of in the translation.

    *said* maps the beginning of a path in the translated file to what was written.
    """
    return InputTrouble([_told(one, said) for one in trouble.problems])


def _told(problem: Problem, said: Mapping[str, Said]) -> Problem:
    begins = [prefix for prefix in said if _is_at(problem.path, prefix)]
    if not begins:
        return problem
    longest = max(begins, key=len)
    rest = problem.path.removeprefix(longest) if said[longest].goes_on else ""
    return replace(problem, place=None, path=said[longest].text + rest)


def _is_at(path: str, prefix: str) -> bool:
    return path.startswith(prefix) and path[len(prefix) :][:1] in ("", ".", "[")
