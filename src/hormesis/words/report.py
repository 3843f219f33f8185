"""Report: a pure function of a history and its verdict to bytes of one file."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from hormesis.words.check import RunVerdict
from hormesis.words.history import History
from hormesis.words.kind import Kind


@dataclass(frozen=True, slots=True)
class Judged:
    """One run with its verdict; what reports are made of."""

    name: str
    history: History
    verdict: RunVerdict


class Report(Kind):
    """A rendering of one or several judged runs (a suite has several)."""

    file_name: str = ""
    """The name of the file inside the run directory."""

    @abstractmethod
    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the file's content."""
