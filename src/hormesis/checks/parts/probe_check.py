"""What checks of one probe's observations have in common: the probe, a window, its absence."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from hormesis.record.samples import looks_at
from hormesis.record.unreadable import unreadable
from hormesis.words.check import Check, Verdict
from hormesis.words.history import History, ProbeRecord
from hormesis.words.outcome import Outcome
from hormesis.words.window import FAULTS_NAMED, Window


class ProbeCheck(Check, Window):
    """A claim about the observations of one probe, in the whole run or in a window."""

    shorthand: ClassVar[str] = "probe"
    refers: ClassVar[Mapping[str, str]] = {"probe": "probe", **FAULTS_NAMED}

    probe: str
    """The probe's name."""

    def judge(self, history: History) -> Verdict:
        """Judge what was observed; unknown when nothing was, or nothing could be read even once."""
        records, why = looks_at(history, self.probe, self)
        why = why or unreadable(history, self.probe)
        return self.verdict(Outcome.UNKNOWN, why) if why else self.judge_looks(records)

    @abstractmethod
    def judge_looks(self, records: Sequence[ProbeRecord]) -> Verdict:
        """Judge *records*, of which there is at least one; each may be without a value."""
