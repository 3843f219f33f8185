"""Report: a pure function of a history and its verdict to the bytes of one file, or of a few."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from hormesis.words.check import RunVerdict
from hormesis.words.history import History
from hormesis.words.kind import Kind
from hormesis.words.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Judged:
    """One run with its verdict; what reports are made of."""

    name: str
    history: History
    verdict: RunVerdict

    @property
    def counts(self) -> bool:
        """Whether it has a say in what its suite comes to: not if it may be skipped, and was."""
        return not (self.verdict.skipped and self.history.manifest.get("may_skip"))


def outcome_of_suite(runs: Sequence[Judged]) -> Outcome:
    """Return what *runs* come to together; of a suite that was skipped whole nothing is known."""
    return Outcome.merge(run.verdict.outcome for run in runs if run.counts)


class Report(Kind):
    """A rendering of one or several judged runs (a suite has several)."""

    unasked: ClassVar[bool] = True
    """Whether it is written when nobody says which reports are wanted."""

    per_run: ClassVar[bool] = False
    """Whether, of a suite, there is one for each run, in that run's directory."""

    file_name: str = ""
    """The name of the file inside the run directory; of several files, the first one's."""

    @abstractmethod
    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the file's content."""

    def files(self, title: str, runs: Sequence[Judged]) -> Mapping[str, bytes]:
        """Return the content of every file by its name; most reports have one."""
        return {self.file_name: self.render(title, runs)}
