"""``never: PROBE``: no observation met its expectation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from hormesis.checks.parts.probe_check import ProbeCheck
from hormesis.record.samples import blind_end, probe_samples
from hormesis.words.check import Finding, Verdict
from hormesis.words.expect import unfit
from hormesis.words.history import ProbeRecord
from hormesis.words.outcome import Outcome


class Never(ProbeCheck):
    """No observation of a probe met its expectation, in the whole run or in a window.

    The expectation names what must not be: ``{never: leaders, expect: "> 1"}``. An observation
    without a value says nothing, and neither does one that the expectation does not fit: a field
    that is not there, a number against a text. When none had a value, or none any more towards the
    end, the verdict is unknown.
    """

    judges_live: ClassVar[bool] = True

    expect: Any = None
    """What no observation may be; left out: what the probe itself expects."""
    advice: str = "Look at what the system did just before the first time it was seen."
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        return f"{self.probe} never{self.told()}"

    def judge_looks(self, records: Sequence[ProbeRecord]) -> Verdict:
        """Fail with each observation that met it; unknown when none had a value."""
        if self.expect is not None:
            records = [_fitting(one, self.expect) for one in records]
        samples, why = probe_samples(records, expect=self.expect, absent="ignore")
        if why:
            return self.verdict(Outcome.UNKNOWN, why, observations=len(records))
        times = {one.time for one in samples if one.good}
        findings = [
            Finding(
                f"met at {one.time:.1f} s: "
                + ", ".join(f"{name} is {value!r}" for name, value in one.fields.items()),
                (f"{one.probe} at {one.time:.3f} s",),
                {"time": one.time, "fields": dict(one.fields)},
            )
            for one in records
            if one.time in times and not one.reason
        ]
        if not findings and (why := blind_end(records, self)):
            return self.verdict(Outcome.UNKNOWN, why, observations=len(samples))
        told = f"met in {len(findings)} of {len(samples)} observations"
        return self.verdict(
            Outcome.FAIL if findings else Outcome.PASS,
            told if findings else f"not met in any of {len(samples)} observations",
            findings,
            observations=len(samples),
            met=len(findings),
            without_value=len(records) - len(samples),
        )


def _fitting(record: ProbeRecord, expect: Any) -> ProbeRecord:
    """Return *record*, without its value when the expectation can say nothing about it."""
    why = "" if record.reason else unfit(expect, record.fields)
    return replace(record, reason=why) if why else record
