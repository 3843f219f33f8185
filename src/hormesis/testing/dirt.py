"""Dirt: whether an error tells that something could not be undone on this machine."""

from __future__ import annotations

from collections.abc import Iterator

from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble

TO_DO = "run `hormesis revert`, or start pytest again with --chaos-recover"


def dirt_of(error: BaseException) -> str:
    """Return what was left and what to do, empty when *error* is about something else."""
    for one in _all_of(error, set()):
        if isinstance(one, Trouble) and one.code is ExitCode.LEFT_DIRTY:
            told = "; ".join(problem.message for problem in one.problems)
            return f"a fault could not be undone: {told}; {TO_DO}"
    return ""


def _all_of(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _all_of(one, seen)
    yield from _all_of(error.__cause__, seen)
    yield from _all_of(error.__context__, seen)
