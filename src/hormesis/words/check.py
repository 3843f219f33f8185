"""Check → Verdict: a pure function of history; pass, fail or unknown, with findings that cite."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from hormesis.words.history import History
from hormesis.words.kind import Kind, Scalar
from hormesis.words.outcome import Outcome

if TYPE_CHECKING:
    from hormesis.words.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a check found.

    ``sentence`` is for people ("Job job-1 assigned to 3 bots"); ``cites`` are op numbers, fault
    ids or times that prove it; ``data`` is the same for programs.
    """

    sentence: str
    cites: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check says. ``figures`` are named numbers worth showing, in their stated units."""

    check: str
    kind: str
    outcome: Outcome
    summary: str
    findings: Sequence[Finding] = ()
    figures: Mapping[str, Scalar] = field(default_factory=dict)
    advice: str = ""
    remark: str = ""
    """What must be said beside a pass, in a word, such as `late`; shown as `PASS*`."""


class Check(Kind):
    """A claim about a run, judged from its history alone."""

    judges_live: ClassVar[bool] = False
    """True when a fail on the beginning of a history stands whatever comes after."""

    name: str = ""
    """How the verdict is called; the kind and what it is about when left out."""
    advice: str = ""
    """What to try when it fails, shown as a recommendation."""

    @abstractmethod
    def judge(self, history: History) -> Verdict:
        """Judge. No evidence gives *unknown* with the reason, never *pass*."""

    def operations_named(self) -> Sequence[tuple[str, str]]:
        """Return the (load, operation) that a text of this check names; empty where it does not.

        That is for finding names that nobody performs. Fields that are a name are found without it.
        """
        return ()

    def foresee(self, timeline: Timeline) -> str:
        """Return why a run of *timeline* cannot pass this; empty when the plan alone is no reason.

        That is for a dry run to tell, before somebody waits for an *unknown*.
        """
        return ""

    def title(self) -> str:
        """Return the verdict's name."""
        return self.name or self.describe()

    def verdict(
        self,
        outcome: Outcome,
        summary: str,
        findings: Sequence[Finding] = (),
        **figures: Scalar,
    ) -> Verdict:
        """Return this check's verdict; the advice is attached only when it failed."""
        return Verdict(
            check=self.title(),
            kind=self.kind,
            outcome=outcome,
            summary=summary,
            findings=findings,
            figures=figures,
            advice=self.advice if outcome is Outcome.FAIL else "",
        )


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """The verdict of a whole run: the merged outcome, one sentence why, and every check's own.

    ``dirty`` lists effects left on the host; it outranks every outcome.
    """

    outcome: Outcome
    reason: str
    verdicts: Sequence[Verdict]
    dirty: Sequence[str] = ()
    stopped_by: str = ""
    skipped: str = ""
    """Names what is missing when the run was not even tried; its outcome is *unknown*."""
    unsafe: Sequence[str] = ()
    """What ``on_fail`` did not succeed in, so that the system may not be in its safe state."""

    @property
    def remark(self) -> str:
        """Return the remarks of the verdicts of a run that passed, each once; empty without any."""
        if self.outcome is not Outcome.PASS:
            return ""
        return ", ".join(dict.fromkeys(one.remark for one in self.verdicts if one.remark))
