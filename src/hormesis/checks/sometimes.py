"""``sometimes: PROBE``: at least one observation met its expectation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hormesis.checks.parts.probe_check import ProbeCheck
from hormesis.record.samples import probe_samples, spells_of
from hormesis.words.check import Finding, Verdict
from hormesis.words.history import ProbeRecord
from hormesis.words.outcome import Outcome


class Sometimes(ProbeCheck):
    """At least one observation of a probe met its expectation, in the run or in a window.

    It shows that something was reached at all: a queue that filled, a breaker that opened.
    """

    expect: Any = None
    """What one observation should be; left out: what the probe itself expects."""
    absent: Literal["miss", "ignore"] = "miss"
    """Whether an observation without a value is a miss or is ignored."""
    advice: str = "Observe more often or for longer, or make the stress stronger."
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"{self.probe} sometimes{self.told()}"

    def judge_looks(self, records: Sequence[ProbeRecord]) -> Verdict:
        """Pass with the first observation that met it; unknown when nothing was observed."""
        samples, why = probe_samples(records, expect=self.expect, absent=self.absent)
        if why:
            return self.verdict(Outcome.UNKNOWN, why, observations=len(records))
        good = [one for one in samples if one.good]
        if not good:
            findings = [Finding(str(spell), spell.cites) for spell in spells_of(samples)]
            told = f"met in none of {len(samples)} observations"
            return self.verdict(Outcome.FAIL, told, findings, observations=len(samples), met=0)
        first = good[0]
        return self.verdict(
            Outcome.PASS,
            f"first met at {first.time:.1f} s, in {len(good)} of {len(samples)} observations",
            [Finding(f"met at {first.time:.1f} s", (first.cite,), {"time": first.time})],
            observations=len(samples),
            met=len(good),
        )
