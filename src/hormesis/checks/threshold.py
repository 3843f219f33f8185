"""``threshold: "http_req_duration p(95) < 500ms"``: a figure of the load keeps a limit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import field_validator, model_validator

from hormesis.record.claim import Claim, claim_of
from hormesis.record.metrics import TIMES, Sort, loaded_s, ops_of
from hormesis.record.percentile import percentile_of
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History
from hormesis.words.op import Ended, Op
from hormesis.words.outcome import Outcome
from hormesis.words.units import text_of_seconds
from hormesis.words.window import Stretch, Window

_CITED_MAX = 10
_WORST = 5


class Threshold(Check, Window):
    """A figure of the load keeps a limit: ``METRIC{TAGS} AGGREGATION OPERATOR LIMIT``.

    Metrics are k6's, with times taken from when the operation was due: ``http_req_duration``,
    ``http_req_service`` (from the send), ``lag``, ``http_req_failed``, ``http_reqs``,
    ``iterations``, ``dropped_iterations``. Aggregations are avg, min, med, max, p(N), count, rate
    and value. Tags are name, load, outcome, error, expected_response and recorded: with
    ``recorded:job`` only operations that recorded a ``job`` count, such as claims that won one.
    Limits bear units: ``500ms``, ``5%``, ``50/s``. Operations that ended ``fail`` or ``info`` count
    as failed; the time of an ``info`` one is a lower bound. Unknown without samples, and when an
    upper limit is kept only because nothing ended ok in the whole run, or because arrivals were
    dropped, or is broken by no more than a saturated load generator was late itself.
    """

    judges_live: ClassVar[bool] = True

    shorthand: ClassVar[str] = "expression"
    refers: ClassVar[Mapping[str, str]] = {
        "during": "fault", "after": "fault", "before": "fault", "outside": "fault",
    }  # fmt: skip

    expression: str
    """The claim, such as `http_req_duration{name:claim} p(95) < 500ms`."""
    advice: str = (
        "Look at the operations cited: pool connections with health checks, bound every wait, and "
        "shed load with a circuit breaker before queues grow."
    )
    """What to try when it fails."""

    @field_validator("expression")
    @classmethod
    def _understood(cls, expression: str) -> str:
        claim_of(expression)
        return expression

    @model_validator(mode="after")
    def _has_no_window(self) -> Any:
        claim = claim_of(self.expression)
        if claim.sort is Sort.LOADS and self.told():
            raise ValueError(
                f"expected no window, because {claim.metric} is known for the whole run only"
            )
        return self

    def describe(self) -> str:
        """Return the claim in words."""
        return f"{' '.join(self.expression.split())}{self.told()}"

    def judge(self, history: History) -> Verdict:
        """Compare the figure with the limit; unknown without samples."""
        claim = claim_of(self.expression)
        stretches = self.stretches(history)
        if not stretches:
            why = f"nothing was injected, so there is no time{self.told()}"
            return self.verdict(Outcome.UNKNOWN, why)
        loaded = loaded_s(history, claim.tags.get("load"), stretches)
        if claim.sort is Sort.LOADS:
            return self._judge_loads(claim, history, loaded)
        ops = ops_of(history, claim.tags, stretches)
        if not ops and not _counts_none(claim, history, stretches):
            return self.verdict(Outcome.UNKNOWN, f"no samples{self.told()}", samples=0)
        failed = [op for op in ops if op.outcome is not Ended.OK]
        value = _value_of(claim, ops, len(failed), loaded)
        if value is None:
            return self.verdict(Outcome.UNKNOWN, "no load was running", samples=len(ops))
        if claim.holds(value) and (why := self._doubt(claim, history, ops)):
            return self.verdict(Outcome.UNKNOWN, f"{claim.sentence(value)}, but {why}")
        if not claim.holds(value) and (why := _own_lag(claim, value, history)):
            return self.verdict(Outcome.UNKNOWN, f"{claim.sentence(value)}, but {why}")
        findings = [] if claim.holds(value) else _findings(claim, ops, failed)
        info = sum(op.outcome is Ended.INFO for op in failed)
        counts = {"samples": len(ops), "failed": len(failed) - info, "undecided": info}
        return self._compared(claim, value, f"over {len(ops):,} operations", findings, counts)

    def _doubt(self, claim: Claim, history: History, ops: Sequence[Op]) -> str:
        """Return why a claim that holds for *ops* proves nothing, or an empty text.

        A system that refuses everything is fast, and one that answers a tenth of its arrivals is
        asked for no more: neither keeps an upper limit.
        """
        asked = claim.tags.keys() & {"outcome", "error", "expected_response"}
        upper = claim.sign in ("<", "<=") or (claim.sign == "==" and not claim.limit)
        limits = claim.sort in (Sort.TIME, Sort.SHARE) and upper
        if not limits or asked or claim.metric == "lag" or claim.aggregation == "count":
            return ""
        same = ops_of(history, claim.tags, Window().stretches(history))
        if claim.sort is Sort.TIME and all(op.outcome is not Ended.OK for op in same):
            return f"none of {len(same):,} operations ended ok"
        wanted = claim.tags.get("load")
        dropped = sum(one.dropped for one in history.loads if wanted in (None, one.load))
        # When they were dropped is not recorded, so that a window cannot be judged with them.
        if not dropped or self.told() or claim.holds(_worst_of(claim, ops, dropped)):
            return ""
        return f"{dropped:,} arrivals were dropped and are not in it"

    def _judge_loads(self, claim: Claim, history: History, loaded: float) -> Verdict:
        wanted = claim.tags.get("load")
        records = [one for one in history.loads if wanted in (None, one.load)]
        if not records:
            return self.verdict(Outcome.UNKNOWN, "no load was recorded")
        unended = [one.load for one in records if one.ended is None]
        if unended:
            return self.verdict(Outcome.UNKNOWN, f"load {', '.join(unended)} has no recorded end")
        dropping = claim.metric == "dropped_iterations"
        counts = {one.load: one.dropped if dropping else one.iterations for one in records}
        value = float(sum(counts.values()))
        if claim.aggregation == "rate":
            if loaded <= 0:
                return self.verdict(Outcome.UNKNOWN, "no load was running")
            value /= loaded
        findings = [
            Finding(f"load {load}: {count:,}", (f"load {load}",), {"load": load, "count": count})
            for load, count in counts.items()
            if not claim.holds(value)
        ]
        return self._compared(claim, value, f"over {len(records)} loads", findings, {})

    def _compared(
        self,
        claim: Claim,
        value: float,
        over: str,
        findings: Sequence[Finding],
        counts: Mapping[str, int],
    ) -> Verdict:
        unit = {"s": "_s", "%": "_share", "/s": "_per_s"}.get(claim.unit, "")
        figures = {f"value{unit}": round(value, 6), f"limit{unit}": claim.limit, **counts}
        return self.verdict(
            Outcome.PASS if claim.holds(value) else Outcome.FAIL,
            f"{claim.sentence(value)}, {over}{self.told()}",
            findings,
            **figures,
        )


def _counts_none(claim: Claim, history: History, stretches: Sequence[Stretch]) -> bool:
    """Return whether none is a count: there were operations, and none was of the wanted sort."""
    those = {tag: value for tag, value in claim.tags.items() if tag in ("name", "load")}
    return claim.sort is Sort.OPS and bool(ops_of(history, those, stretches))


def _value_of(claim: Claim, ops: Sequence[Op], failed: int, loaded: float) -> float | None:
    """Return the claimed figure, in the claim's unit; None when it has no meaning."""
    if claim.sort is Sort.SHARE:
        return float(failed) if claim.aggregation == "count" else failed / len(ops)
    if claim.aggregation in ("count", "value"):
        return float(len(ops))
    if claim.aggregation == "rate":
        return len(ops) / loaded if loaded > 0 else None
    values = sorted(map(TIMES[claim.metric], ops))
    if claim.aggregation == "avg":
        return math.fsum(values) / len(values)
    percent = {"min": 0.0, "med": 50.0, "max": 100.0}.get(claim.aggregation, claim.percent)
    return percentile_of(values, percent)


def _worst_of(claim: Claim, ops: Sequence[Op], dropped: int) -> float:
    """Return the figure as if every dropped arrival had failed or never been answered."""
    if claim.sort is Sort.SHARE:
        failed = sum(op.outcome is not Ended.OK for op in ops)
        return (failed + dropped) / (len(ops) + dropped)
    if claim.aggregation == "avg":
        return math.inf
    percent = {"min": 0.0, "med": 50.0, "max": 100.0}.get(claim.aggregation, claim.percent)
    return percentile_of([*sorted(map(TIMES[claim.metric], ops)), *[math.inf] * dropped], percent)


def _own_lag(claim: Claim, value: float, history: History) -> str:
    """Return why a broken limit may be the load generator's own doing, or an empty text.

    All loads share one event loop, so the trouble of one of them is the trouble of all.
    """
    if claim.sort is not Sort.TIME or claim.metric == "lag" or claim.aggregation == "count":
        return ""
    late_s = max((one.loop_lag_s for one in history.loads if one.trouble), default=0.0)
    if claim.sign not in ("<", "<=") or not late_s or not claim.holds(value - late_s):
        return ""
    return f"the load generator itself was {text_of_seconds(round(late_s, 3))} late"


def _findings(claim: Claim, ops: Sequence[Op], failed: Sequence[Op]) -> list[Finding]:
    """Return what explains a broken limit: the worst operations, or the failures by error."""
    if claim.sort is Sort.SHARE:
        return _by_error(failed)
    if claim.sort is not Sort.TIME or claim.aggregation == "count":
        return []
    time_of = TIMES[claim.metric]
    worst = sorted(ops, key=time_of, reverse=claim.sign not in (">", ">="))[:_WORST]
    return [
        Finding(
            f"op {op.number} ({op.name}, user {op.user}) took "
            f"{text_of_seconds(round(time_of(op), 4))}, due at {op.due:.1f} s, "
            f"ended {op.outcome.value}{f' ({op.error})' if op.error else ''}",
            (f"op {op.number}",),
            {"op": op.number, "took_s": time_of(op), "due_s": op.due},
        )
        for op in worst
    ]


def _by_error(failed: Sequence[Op]) -> list[Finding]:
    groups: dict[tuple[str, str, str], list[Op]] = {}
    for op in failed:
        groups.setdefault((op.name, op.outcome.value, op.error), []).append(op)
    ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
    return [
        Finding(
            f"{name} ended {outcome} {len(ops)} times: {error or 'no reason given'}, "
            f"first at {ops[0].ended:.1f} s, last at {ops[-1].ended:.1f} s",
            tuple(f"op {op.number}" for op in ops[:_CITED_MAX]),
            {"name": name, "outcome": outcome, "error": error, "count": len(ops)},
        )
        for (name, outcome, error), ops in ranked
    ]
