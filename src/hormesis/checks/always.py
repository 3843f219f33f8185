"""``always: PROBE``: every observation met its expectation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from hormesis.checks.parts.probe_check import ProbeCheck
from hormesis.record.samples import probe_samples, spells_of
from hormesis.words.check import Finding, Verdict
from hormesis.words.history import ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome


class Always(ProbeCheck):
    """Every observation of a probe met its expectation, in the whole run or in a window.

    Misses in a row are one finding. An observation without a value counts as a miss, because a
    system that does not answer does not hold what was claimed; but when the probe could not be
    read even once, it is unknown. With ``growth`` the first value says what is expected of the
    others: that suits what has no limit that one could name beforehand, such as memory.
    """

    judges_live: ClassVar[bool] = True

    expect: Any = None
    """What each observation should be; left out: what the probe itself expects."""
    growth: float | None = Field(default=None, gt=1)
    """How many times its first value, a number above 0, each may be; instead of ``expect``."""
    absent: Literal["miss", "ignore"] = "miss"
    """Whether an observation without a value is a miss or is ignored."""
    advice: str = (
        "Find out what the system was doing during the first stretch of misses; "
        "allow for it with `grace` or a window only if users may see it."
    )
    """What to try when it fails."""

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if self.expect is not None and self.growth is not None:
            raise ValueError("expected one of expect and growth")
        return self

    def describe(self) -> str:
        """Return the claim in words."""
        if self.growth is None:
            return f"{self.probe} always{self.told()}"
        return f"{self.probe} at most {self.growth:g} times its first value{self.told()}"

    def judge_looks(self, records: Sequence[ProbeRecord]) -> Verdict:
        """Fail with each stretch of misses; unknown when nothing was observed."""
        expect, values = self.expect, []
        if self.growth is not None:
            values = [value for one in records if (value := _number(one)) is not None]
            if not values:
                told = "no observation had a number above 0, so there is nothing to grow from"
                return self.verdict(Outcome.UNKNOWN, told, observations=len(records))
            expect = f"<= {self.growth * values[0]:.15g}"
            # What says nothing yet, before there is anything that could grow, is no miss.
            records = [*dropwhile(lambda one: not one.reason and _number(one) is None, records)]
        samples, why = probe_samples(records, expect=expect, absent=self.absent)
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
        figures: dict[str, Scalar] = {"observations": len(samples), "missed": missed}
        if values:
            figures["growth"] = round(max(values) / values[0], 3)
            told += f"; at most {figures['growth']:g} times the first value, {values[0]:.15g}"
        outcome = Outcome.FAIL if missed else Outcome.PASS
        return self.verdict(outcome, told, findings, **figures)


def _number(one: ProbeRecord) -> float | None:
    """Return the value of an observation if something can grow from it."""
    value = one.fields.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if value > 0 else None
