"""``bank: total``: money moves, but every read finds the same sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from hormesis.checks.parts.amounts import (
    Amount,
    amount_of,
    exactly,
    figure_of,
    named_amounts,
    text_of_amount,
)
from hormesis.checks.parts.readings import Reading, Readings
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.outcome import Outcome

_LISTED_MAX = 200
_NAMED_MAX = 6


@dataclass(frozen=True, slots=True)
class _Sum:
    """What one read came to."""

    place: int
    start: float
    total: Decimal
    accounts: int
    """How many had a balance."""
    below: Mapping[str, Decimal]
    """The accounts that are below zero."""
    without: Sequence[str]
    """Those that have no balance that is a number."""


class BankTotal(Check):
    """The balances of every read add up to one constant, and none is below zero.

    A read is an ``ok`` operation whose field holds the balances, as a number, a JSON list or a JSON
    mapping from account to balance, or an observation whose rows have them in a column. Lists that
    were cut short, operations that ended ``info`` and looks without a value say nothing, nor do
    reads none of which found an account. Sums are exact: a fraction counts as it is written. After
    the *bank* workload of Jepsen: under snapshot isolation or better no transfer is ever half
    visible.
    """

    shorthand: ClassVar[str] = "of"
    judges_live: ClassVar[bool] = True
    refers: ClassVar[Mapping[str, str]] = {"of": "probe-or-op"}

    of: str
    """The operation or the probe that reads all balances at one moment."""
    balances: str = "balances"
    """The field, or the column of the rows, that holds them."""
    total: Amount | None = None
    """What they must add up to; left out: to what the first read found."""
    negative: bool = False
    """Whether an account may be below zero."""
    advice: str = (
        "Move money in one transaction that locks both accounts, in one order, or takes its "
        "snapshot at repeatable read and is tried again; and read all accounts in one statement."
    )
    """What to try when it fails."""

    def describe(self) -> str:
        """Return the claim in words."""
        if self.total is None:
            return f"the same total in every {self.of}"
        return f"a total of {text_of_amount(self.total)} in every {self.of}"

    def judge(self, history: History) -> Verdict:
        """Fail with each read that has another total, or an account that must not be so."""
        with exactly():
            return self._judged(history)

    def _judged(self, history: History) -> Verdict:
        readings = Readings(history, (self.of,))
        sums: list[_Sum] = []
        partial = 0
        for reading in readings:
            one = self._sum(reading) if reading.whole else None
            partial += not reading.whole
            if one is not None:
                sums.append(one)
        doubt: dict[str, Any] = {
            "undecided": readings.undecided,
            "without_value": readings.blind + partial,
        }
        if not sums:
            return self.verdict(Outcome.UNKNOWN, readings.why_none(self.balances), **doubt)
        sums.sort(key=lambda one: (one.start, one.place))
        wanted = sums[0].total if self.total is None else self.total
        findings, bad = self._findings(sums, wanted, readings)
        wrong = sum(one.total != wanted for one in sums)
        if not findings and self.total is None and len(sums) == 1:
            why = f"there was one read, of {text_of_amount(wanted)}, and nothing to compare it with"
            return self.verdict(Outcome.UNKNOWN, why, reads=1, **doubt)
        if not findings and not any(one.accounts for one in sums):
            why = f"none of {len(sums)} reads found an account"
            return self.verdict(Outcome.UNKNOWN, why, reads=len(sums), **doubt)
        totals = [one.total for one in sums]
        told = f"{len(sums)} reads of {text_of_amount(wanted)} each"
        if wrong:
            told = (
                f"{wrong} of {len(sums)} reads do not add up to {text_of_amount(wanted)}: "
                f"from {text_of_amount(min(totals))} to {text_of_amount(max(totals))}"
            )
        elif findings:
            told = f"{bad} of {len(sums)} reads: {findings[0].sentence}"
        return self.verdict(
            Outcome.FAIL if findings else Outcome.PASS,
            told,
            findings,
            reads=len(sums),
            wrong=wrong,
            total_min=figure_of(min(totals)),
            total_max=figure_of(max(totals)),
            **doubt,
        )

    def _sum(self, reading: Reading) -> _Sum | None:
        cells = reading.cells(self.balances)
        if cells is None:
            return None
        accounts: dict[str, Decimal | None] = {}
        if reading.rows:
            for index, row in enumerate(reading.rows, 1):
                names = [f"{name} {row[name]}" for name in row if name != self.balances]
                told = names[0] if names else f"row {index}"
                accounts[f"row {index}" if told in accounts else told] = amount_of(
                    row.get(self.balances)
                )
        elif cells:
            named = named_amounts(cells[0])
            if named is None and (sum_of_all := amount_of(cells[0])) is None:
                return None
            accounts = {self.balances: sum_of_all} if named is None else named
        balances = {name: balance for name, balance in accounts.items() if balance is not None}
        return _Sum(
            reading.place,
            reading.start,
            sum(balances.values(), Decimal(0)),
            len(balances),
            {name: balance for name, balance in balances.items() if balance < 0},
            [name for name, balance in accounts.items() if balance is None],
        )

    def _findings(
        self, sums: Sequence[_Sum], wanted: Decimal, readings: Readings
    ) -> tuple[list[Finding], int]:
        """Return what is wrong, of the first so many reads, and how many are wrong in all."""
        findings: list[Finding] = []
        bad = 0
        for one in sums:
            told = []
            if one.total != wanted:
                more = one.total - wanted
                told.append(
                    f"the total is {text_of_amount(one.total)}, {text_of_amount(abs(more))} too "
                    f"{'much' if more > 0 else 'little'}"
                )
            if one.without:
                told.append(f"no balance: {_some(one.without)}")
            if one.below and not self.negative:
                below = [f"{name} ({text_of_amount(sum_)})" for name, sum_ in one.below.items()]
                told.append(f"below zero: {_some(below)}")
            bad += bool(told)
            if told and bad <= _LISTED_MAX:
                findings.append(
                    Finding(
                        f"{'; '.join(told)}, {readings.where(one.place, one.start)}",
                        (readings.cite(one.place),),
                        {
                            "total": figure_of(one.total),
                            "expected": figure_of(wanted),
                            "below_zero": sorted(one.below),
                            "without_balance": list(one.without),
                        },
                    )
                )
        return findings, bad


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_MAX
    return ", ".join(names[:_NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
