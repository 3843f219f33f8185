"""``always: PROBE``: every observation met its expectation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from hormesis.checks.parts.probe_check import ProbeCheck
from hormesis.record.samples import probe_samples, spells_of
from hormesis.words.check import Finding, Verdict
from hormesis.words.history import ProbeRecord
from hormesis.words.outcome import Outcome


class Always(ProbeCheck):
    """Every observation of a probe met its expectation, in the whole run or in a window.

    Misses in a row are one finding. An observation without a value counts as a miss, because a
    system that does not answer does not hold what was claimed; but when the probe could not be
    read even once, it is unknown.
    """

    judges_live: ClassVar[bool] = True

    expect: Any = None
    """What each observation should be; left out: what the probe itself expects."""
    absent: Literal["miss", "ignore"] = "miss"
    """Whether an observation without a value is a miss or is ignored."""
    advice: str = (
        "Find out what the system was doing during the first stretch of misses; "
        "allow for it with `grace` or a window only if users may see it."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"{self.probe} always{self.told()}"

    def judge_looks(self, records: Sequence[ProbeRecord]) -> Verdict:
        """Fail with each stretch of misses; unknown when nothing was observed."""
        samples, why = probe_samples(records, expect=self.expect, absent=self.absent)
        if why:
            return self.verdict(Outcome.UNKNOWN, why, observations=len(records))
        spells = spells_of(samples)
        missed = sum(spell.count for spell in spells)
        findings = [
            Finding(str(one), one.cites, {"start": one.start, "end": one.end, "count": one.count})
            for one in spells
        ]
        if missed:
            told = f"missed in {missed} of {len(samples)} observations"
        else:
            told = f"met in all {len(samples)} observations"
        return self.verdict(
            Outcome.FAIL if missed else Outcome.PASS,
            told,
            findings,
            observations=len(samples),
            missed=missed,
        )
