"""Three-valued truth and the one table of exit codes.

The merge rule is *fail > unknown > pass*, and merging nothing gives *unknown*: no evidence,
no pass. Stdlib only, because the custodian speaks these words too.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum


class Outcome(str, Enum):
    """What a check can say about a history."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"

    @classmethod
    def merge(cls, outcomes: Iterable[Outcome]) -> Outcome:
        """Return the worst outcome; *unknown* for an empty input."""
        seen = set(outcomes)
        for worst in (cls.FAIL, cls.UNKNOWN, cls.PASS):
            if worst in seen:
                return worst
        return cls.UNKNOWN


class ExitCode(IntEnum):
    """Every exit code of every Hormesis command."""

    PASS = 0
    FAIL = 1
    UNKNOWN = 2
    LEFT_DIRTY = 3
    STOPPED_BY_LIMIT = 4
    USAGE = 64
    BAD_INPUT = 65
    CAPABILITY_MISSING = 69
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        """Return one line for people, as shown in the docs and in ``--help``."""
        return _MEANINGS[self]

    @classmethod
    def worst(cls, codes: Iterable[ExitCode]) -> ExitCode:
        """Return the code that stands for several runs; UNKNOWN for none."""
        return min(codes, key=_WORST_FIRST.index, default=cls.UNKNOWN)

    @classmethod
    def of(cls, outcome: Outcome) -> ExitCode:
        """Return the code that stands for *outcome* alone."""
        return {
            Outcome.PASS: cls.PASS,
            Outcome.FAIL: cls.FAIL,
            Outcome.UNKNOWN: cls.UNKNOWN,
        }[outcome]


_MEANINGS = {
    ExitCode.PASS: "everything that was checked held",
    ExitCode.FAIL: "a check failed",
    ExitCode.UNKNOWN: "not enough evidence for a verdict",
    ExitCode.LEFT_DIRTY: "an effect on the host could not be undone; run `hormesis revert`",
    ExitCode.STOPPED_BY_LIMIT: "a limit of the experiment stopped the run",
    ExitCode.USAGE: "the command line was not understood",
    ExitCode.BAD_INPUT: "an input file has problems",
    ExitCode.CAPABILITY_MISSING: "this machine lacks something the experiment needs",
    ExitCode.INTERRUPTED: "interrupted; everything was put back",
}

_WORST_FIRST = (
    ExitCode.LEFT_DIRTY,
    ExitCode.INTERRUPTED,
    ExitCode.STOPPED_BY_LIMIT,
    ExitCode.BAD_INPUT,
    ExitCode.USAGE,
    ExitCode.FAIL,
    ExitCode.CAPABILITY_MISSING,
    ExitCode.UNKNOWN,
    ExitCode.PASS,
)
