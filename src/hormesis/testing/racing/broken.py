"""Broken: what a test is told when its race broke a claim, or hung."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hormesis.testing.judged_failure import FINDINGS_MAX, MARKS
from hormesis.testing.racing.table import table
from hormesis.words.check import Verdict
from hormesis.words.op import Op

_OP = re.compile(r"op (\d+)")


class ClaimsBroken(AssertionError):
    """What a race had to keep was broken, or nobody knows whether it was kept.

    ``checks`` are the titles of the claims, ``verdicts`` says of each why.
    """

    __module__ = "hormesis.testing"

    def __init__(self, message: str, verdicts: Sequence[Verdict]) -> None:
        super().__init__(message)
        self.verdicts = tuple(verdicts)
        self.checks = tuple(one.check for one in verdicts)


class RaceTimeout(AssertionError):
    """Workers of a race did not end in time; ``workers`` are their numbers."""

    __module__ = "hormesis.testing"

    def __init__(self, message: str, workers: Sequence[int]) -> None:
        super().__init__(message)
        self.workers = tuple(workers)


def message_of(race: str, broken: Sequence[Verdict], ops: Sequence[Op]) -> str:
    """Return what is broken, with the findings and a table of the operations they cite."""
    lines = [race]
    guilty: dict[int, None] = {}
    for verdict in broken:
        lines.append(f"{MARKS[verdict.outcome]} {verdict.check}: {verdict.summary}")
        for finding in verdict.findings[:FINDINGS_MAX]:
            lines.append(f"    {finding.sentence}")
            guilty.update((int(n), None) for cite in finding.cites for n in _OP.findall(cite))
        if (more := len(verdict.findings) - FINDINGS_MAX) > 0:
            lines.append(f"    and {more} more")
    for advice in dict.fromkeys(one.advice.strip() for one in broken if one.advice):
        lines.append(f"  what to try: {advice}")
    if ops:
        lines += ["operations, in ms of the race:", table(ops, guilty)]
    return "\n".join(lines)
