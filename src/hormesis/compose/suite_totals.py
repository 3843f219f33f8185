"""Totals: what the runs of a suite come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hormesis.words.judging import code_of
from hormesis.words.outcome import ExitCode
from hormesis.words.report import Judged
from hormesis.words.units import text_of_seconds


@dataclass(frozen=True)
class SuiteTotals:
    """How many scenarios ended how, and how long it took, in seconds."""

    scenarios: int
    passed: int
    failed: int
    unknown: int
    skipped: int
    duration_s: float

    @property
    def success_rate(self) -> float | None:
        """Return the share that passed of those that were not skipped; None when all were."""
        tried = self.scenarios - self.skipped
        return self.passed / tried if tried else None

    def told(self) -> str:
        """Return the totals in one line."""
        rate = self.success_rate
        return ", ".join(
            [
                f"scenarios {self.scenarios}",
                f"passed {self.passed}",
                f"failed {self.failed}",
                f"unknown {self.unknown}",
                f"skipped {self.skipped}",
                "success rate -" if rate is None else f"success rate {100 * rate:.1f}%",
                f"duration {text_of_seconds(round(self.duration_s, 1))}",
            ]
        )


def totals_of(runs: Sequence[Judged], duration_s: float) -> SuiteTotals:
    """Return the totals of *runs*; each run counts once."""
    skipped = sum(bool(one.verdict.skipped) for one in runs)
    codes = [code_of(one.verdict) for one in runs if not one.verdict.skipped]
    passed, failed = codes.count(ExitCode.PASS), codes.count(ExitCode.FAIL)
    return SuiteTotals(
        scenarios=len(runs),
        passed=passed,
        failed=failed,
        unknown=len(codes) - passed - failed,
        skipped=skipped,
        duration_s=duration_s,
    )
