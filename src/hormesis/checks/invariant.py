"""``invariant: PROBE``: the rows of a table-shaped probe are violations, and there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Formatter
from typing import ClassVar, Literal

from pydantic import field_validator

from hormesis.checks.parts.probe_check import ProbeCheck
from hormesis.record.samples import blind_end, probe_samples
from hormesis.words.check import Finding, Verdict
from hormesis.words.history import History, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome


class Invariant(ProbeCheck):
    """A query whose rows are violations gave no rows, each time or at the last look.

    Equal rows are one finding with the times between which they were seen. Observations that
    failed say nothing; when the last one failed with ``at: end``, when all of them did, or none
    had rows any more towards the end, it is unknown.

    Where there is nothing to look at, a query finds nothing wrong either. Who names a probe as
    `evidence` gets unknown instead of a pass unless the last look of that one met its expectation.
    """

    refers: ClassVar[Mapping[str, str]] = {**ProbeCheck.refers, "evidence": "probe"}

    probe: str
    """The name of a probe that gives rows, such as `sql`."""
    at: Literal["always", "end"] = "always"
    """Whether every look counts or only the last one."""
    evidence: str = ""
    """A probe with an expectation that tells whether there was something to look at."""
    sentence: str = ""
    """How one row is told, with its columns in braces: `Job {job} assigned to {bots} bots`."""
    advice: str = (
        "Make the database refuse it: a constraint, row locks that skip locked rows, or one "
        "transaction around both changes; and let cleanup repair what others broke."
    )
    """What to try when it fails."""

    @field_validator("sentence")
    @classmethod
    def _plain_template(cls, text: str) -> str:
        try:
            parts = list(Formatter().parse(text))
        except ValueError as trouble:
            raise ValueError(f"expected column names in braces: {trouble}") from None
        for _, name, form, conversion in parts:
            if name is not None and (not name.isidentifier() or form or conversion):
                raise ValueError(f"expected a column's name in braces, found {{{name}}}")
        return text

    def describe(self) -> str:
        """Return the claim in words."""
        return f"no {self.probe}{' at the end' if self.at == 'end' else self.told()}"

    def judge(self, history: History) -> Verdict:
        """Judge what was observed; a pass needs the evidence that is asked for."""
        verdict = super().judge(history)
        if verdict.outcome is not Outcome.PASS or not self.evidence:
            return verdict
        why = _why_no_evidence(self.evidence, history)
        return replace(verdict, outcome=Outcome.UNKNOWN, summary=why) if why else verdict

    def judge_looks(self, records: Sequence[ProbeRecord]) -> Verdict:
        """Fail with each distinct violating row."""
        if self.at == "end":
            records = records[-1:]
        read = [one for one in records if not one.reason and _is_table(one)]
        blind = len(records) - len(read)
        if not read:
            return self.verdict(Outcome.UNKNOWN, _why_none(records), without_value=blind)
        bad = [one for one in read if _count_of(one)]
        if not bad and (why := blind_end(records, self)):
            return self.verdict(Outcome.UNKNOWN, why, without_value=blind)
        findings = self._findings(bad)
        told = f"violated in {len(bad)} of {len(read)} observations: "
        fine = f"no violation in {len(read)} observation{'s' * (len(read) != 1)}"
        return self.verdict(
            Outcome.FAIL if bad else Outcome.PASS,
            told + findings[0].sentence if bad else fine,
            findings,
            observations=len(read),
            violations=len(findings),
            without_value=blind,
        )

    def _findings(self, bad: Sequence[ProbeRecord]) -> list[Finding]:
        seen: dict[str, tuple[Mapping[str, Scalar], list[ProbeRecord]]] = {}
        for one in bad:
            for row in one.rows or ({},):
                told = self._told(row) if row else f"{self.probe}: {_count_of(one)} rows"
                seen.setdefault(told, (row, []))[1].append(one)
        return [
            Finding(
                f"{told}, {_when(records)}",
                tuple(f"{one.probe} at {one.time:.3f} s" for one in (records[0], records[-1])),
                {**row},
            )
            for told, (row, records) in seen.items()
        ]

    def _told(self, row: Mapping[str, Scalar]) -> str:
        if not self.sentence:
            return f"{self.probe}: " + ", ".join(f"{name}={value}" for name, value in row.items())
        return self.sentence.format_map(_Columns(row))


class _Columns(dict[str, Scalar]):
    """A row in which an unknown column stands for itself."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _is_table(record: ProbeRecord) -> bool:
    return bool(record.rows) or isinstance(record.fields.get("count"), int)


def _count_of(record: ProbeRecord) -> int:
    count = record.fields.get("count")
    return max(len(record.rows), count if isinstance(count, int) else 0)


def _why_none(records: Sequence[ProbeRecord]) -> str:
    reasons = sorted({one.reason for one in records if one.reason})
    if reasons:
        return f"no observation had a value: {', '.join(reasons)}"
    return "the probe gives no rows; an invariant needs one that does, such as `sql`"


def _why_no_evidence(probe: str, history: History) -> str:
    """Return why nothing shows that there was something to look at, or an empty text."""
    records = history.observations(probe)[-1:]
    samples, why = probe_samples(records, expect=None, absent="ignore")
    if not records or why:
        return f"no evidence from {probe!r}: {why if records else 'it was never observed'}"
    if samples[-1].good:
        return ""
    return f"there was nothing to look at: {probe}: {samples[-1].text}"


def _when(records: Sequence[ProbeRecord]) -> str:
    first, last = records[0].time, records[-1].time
    if first == last:
        return f"seen at {first:.1f} s"
    return f"seen from {first:.1f} s to {last:.1f} s"
