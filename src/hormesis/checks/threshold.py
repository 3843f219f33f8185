"""``threshold: "http_req_duration p(95) < 500ms"``: a figure of the load keeps a limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from hormesis.checks.parts.broken_limit import breaking_of, findings_of
from hormesis.record.claim import Claim, claim_of
from hormesis.record.claim_figure import Figure, figure_of, last_of, stretches_of, worst_of
from hormesis.record.claim_values import Found, values_of
from hormesis.record.claim_window import without_window
from hormesis.record.extent import clipped, extent_of
from hormesis.record.figure import Points, Slices, Values
from hormesis.record.histogram import ACCURACY
from hormesis.record.metrics import last_due, load_of, ops_of, running
from hormesis.words.check import Check, Finding, Verdict
from hormesis.words.history import History, LoadRecord
from hormesis.words.kind import Scalar
from hormesis.words.metric import MetricSort
from hormesis.words.not_ok import told_not_ok
from hormesis.words.op import Ended
from hormesis.words.outcome import Outcome
from hormesis.words.stop_condition import ABORTED
from hormesis.words.units import Span, text_of_seconds
from hormesis.words.window import FAULTS_NAMED, Stretch, Window

_UNITS = {"s": "_s", "%": "_share", "/s": "_per_s", "B": "_bytes", "B/s": "_bytes_per_s"}
OWN_LATENESS = "the load generator itself was"
"""What the summary of a verdict holds that is unknown because of that."""
_HAIR_S = 1e-6
_LATE_S = 0.001
"""A load generator that is no later than this is on time."""
_CPU_WAIT_SHARE = 0.2
"""A load generator that waits for a CPU for more of its time than this is starved, and so is one
that waits a quarter as long, and longer than it runs."""
_TOO_LITTLE = "too little degradation: the fault did not hurt the users"


class Threshold(Check, Window):
    """A figure of the load keeps a limit: ``METRIC{TAGS} AGGREGATION OPERATOR LIMIT``.

    Metrics, aggregations and operators are k6's, with times taken from when the operation was due:
    ``http_req_duration``; ``http_req_service`` counts from the send, ``lag`` is what lies between.
    A user's own metrics are taken by their name. Tags are name, load, method, status, group, check,
    outcome, error, expected_response, recorded, and a user's own: with ``recorded:job`` only
    operations that recorded a ``job`` count, such as claims that won one. Limits bear units
    (``500ms``, ``5%``, ``50/s``, ``10MB``); bare numbers are milliseconds and shares from 0 to 1.
    With a lower limit before the metric, ``200ms < http_req_duration p(95) < 2s``, a fault must
    hurt as expected, and no more. A window may stand behind the claim too: ``during(FAULT)``,
    ``last 10s``, ``worst 10s``.

    Operations that ended ``fail`` or ``info`` count as failed; the time of an ``info`` one is a
    lower bound. An operation belongs to the window in which it was due; one that a fault overtook
    is neither from before nor from outside it. Unknown without samples, and when an upper limit is
    kept only because nothing ended ok in the whole run, or because arrivals were dropped, or is
    broken by no more than the load generator was late itself.
    """

    judges_live: ClassVar[bool] = True
    shorthand: ClassVar[str] = "expression"
    refers: ClassVar[Mapping[str, str]] = FAULTS_NAMED
    also_called: ClassVar[Mapping[str, str]] = {
        "abortOnFail": "abort_on_fail", "delayAbortEval": "delay_abort_eval",
    }  # fmt: skip

    expression: str
    """The claim, such as `http_req_duration{name:claim} p(95) < 500ms`."""
    last: Annotated[Span, Field(gt=0)] | None = None
    """Only the last so many seconds, of the window if there is one, in which anything was due."""
    worst: Annotated[Span, Field(gt=0)] | None = None
    """The worst of all stretches of this length; while a run lasts, none may be worse."""
    abort_on_fail: bool = False
    """End the run, as failed, as soon as it fails."""
    delay_abort_eval: Span = 0.0
    """How long after the start of the tracks it is first looked at for that."""
    advice: str = ""
    """What to try when it fails; left out: what helps with the metric's sort."""

    @model_validator(mode="before")
    @classmethod
    def _take_window(cls, data: Any) -> Any:
        """Put the words behind the claim where the keys of the same names are."""
        expression = data.get("expression") if isinstance(data, dict) else None
        if not isinstance(expression, str):
            return data
        text, words = without_window(expression)
        for word in words:
            if data.get(word) is not None:
                raise ValueError(f"expected {word} once, found it behind the claim and as a key")
        return {**data, "expression": text, **words}

    @field_validator("expression")
    @classmethod
    def _understood(cls, expression: str) -> str:
        claim_of(expression)
        return expression

    @model_validator(mode="after")
    def _makes_sense(self) -> Any:
        if self.last is not None and self.worst is not None:
            raise ValueError("expected one of last, worst; found both")
        if self.delay_abort_eval and not self.abort_on_fail:
            raise ValueError("expected abort_on_fail beside delay_abort_eval")
        return self

    def describe(self) -> str:
        """Return the claim in words."""
        words = [f" {word} {text_of_seconds(length)}" for word, length in self._lengths()]
        return f"{' '.join(self.expression.split())}{self.told()}{''.join(words)}"

    def operations_named(self) -> Sequence[tuple[str, str]]:
        """Return the load and the operation that the tags name."""
        tags = claim_of(self.expression).tags
        return [(load_of(tags) or "", tags.get("name", ""))]

    def verdict(
        self,
        outcome: Outcome,
        summary: str,
        findings: Sequence[Finding] = (),
        **figures: Scalar,
    ) -> Verdict:
        """Return this check's verdict; what failed gets the advice of its metric."""
        verdict = super().verdict(outcome, summary, findings, **figures)
        if outcome is not Outcome.FAIL or self.advice:
            return verdict
        return replace(verdict, advice=_ADVICE.get(claim_of(self.expression).metric, ""))

    def judge(self, history: History) -> Verdict:
        """Compare the figure with the limit; unknown without samples."""
        verdict = self._judged(history)
        told = _aborted_by(self, history)
        if not told:
            return verdict
        # What it found then stands, also when what ended after that looks better.
        return self.verdict(Outcome.FAIL, told, verdict.findings, **verdict.figures)

    def _judged(self, history: History) -> Verdict:
        claim = claim_of(self.expression)
        stretches = self.stretches(history)
        if not stretches:
            why = f"nothing was injected, so there is no time{self.told()}"
            return self.verdict(Outcome.UNKNOWN, why)
        whole = self.last is None and self.worst is None
        found = values_of(history, claim, self, whole=whole and not self.told())
        if found.values is None:
            return self.verdict(Outcome.UNKNOWN, found.why, samples=0)
        spans = self._spans(claim, history, stretches)
        if self.worst is not None and not spans:
            told = f"no load ran for {text_of_seconds(self.worst)}{self.told()}"
            return self.verdict(Outcome.UNKNOWN, told)
        figure = self._figure(claim, found.values, spans, history)
        if figure is None:
            nothing = "no load was running" if found.values.count else "no samples"
            return self.verdict(Outcome.UNKNOWN, f"{nothing}{self._where(None)}", samples=0)
        return self._compared(claim, figure, found, spans, history)

    def _spans(self, claim: Claim, history: History, stretches: Sequence[Stretch]) -> list[Stretch]:
        """Return what is looked at: all of it together, or the one that is worst."""
        if self.last is None and self.worst is None:
            return list(stretches)
        load = load_of(claim.tags)
        spans = clipped(stretches, extent_of(history))
        # While users finish at the end of a load, nothing is due any more.
        due = clipped(spans, (float("-inf"), last_due(history, load) + _HAIR_S))
        if self.last is not None:
            return last_of(self.last, due or spans)
        spans = due if claim.aggregation in ("count", "rate", "value") else spans
        times = running(history, load)
        return stretches_of(
            self.worst or 0.0, [one for each in times for one in clipped(spans, each)]
        )

    def _figure(
        self, claim: Claim, values: Values, spans: Sequence[Stretch], history: History
    ) -> Figure | None:
        if self.worst is not None:
            return worst_of(claim, values, spans)
        if self.last is not None:
            values = values.within(spans[0][0], spans[-1][1]) if spans else values.within(0, 0)
        times = running(history, load_of(claim.tags))
        lasted_s = sum(end - start for each in times for start, end in clipped(spans, each))
        return figure_of(claim, values, lasted_s)

    def _compared(
        self,
        claim: Claim,
        figure: Figure,
        found: Found,
        spans: Sequence[Stretch],
        history: History,
    ) -> Verdict:
        value, held = figure.value, claim.holds(figure.value)
        told = claim.sentence(value)
        if held:
            why = found.open or self._doubt(claim, found, spans, history)
        else:
            why = _own_lag(claim, value, history) or self._too_early(claim, value, history)
        why = why or _blurred(claim, value, found.values)
        if why:
            return self.verdict(Outcome.UNKNOWN, f"{told}, but {why}")
        findings = [] if held else self._findings(claim, figure, found, spans, history)
        over = f"over {figure.count:,} {found.noun}"
        summary = f"{told}, {over}{self._where(figure.stretch)}"
        if not held and claim.too_little(value):
            summary = f"{summary}; {_TOO_LITTLE}"
        return self.verdict(
            Outcome.PASS if held else Outcome.FAIL,
            summary,
            findings,
            **_figures(claim, figure, found),
        )

    def _where(self, stretch: Stretch | None) -> str:
        words = [f", in the {word} {text_of_seconds(length)}" for word, length in self._lengths()]
        at = f" (from {stretch[0]:.1f} s to {stretch[1]:.1f} s)" if stretch else ""
        return f"{self.told()}{''.join(words)}{at}"

    def _lengths(self) -> list[tuple[str, float]]:
        return [
            (word, length)
            for word, length in (("last", self.last), ("worst", self.worst))
            if length is not None
        ]

    def _findings(
        self,
        claim: Claim,
        figure: Figure,
        found: Found,
        spans: Sequence[Stretch],
        history: History,
    ) -> list[Finding]:
        whole = self.last is None and self.worst is None and not self.told()
        broke: list[Finding] = []
        if whole and not claim.too_little(figure.value):
            broke = breaking_of(self.expression, history)
        if found.ops is not None:
            ops = found.ops
            if self.last is not None:
                ops = ops.where(ops.mask_inside(spans))
            return [*broke, *findings_of(claim, figure.value, ops, figure.stretch)]
        if claim.metric != "dropped_iterations":
            return broke
        wanted = load_of(claim.tags)
        counts = {one.load: one.dropped for one in history.loads if wanted in (None, one.load)}
        return [
            Finding(f"load {load}: {count:,}", (f"load {load}",), {"load": load, "count": count})
            for load, count in counts.items()
        ]

    def _doubt(self, claim: Claim, found: Found, spans: Sequence[Stretch], history: History) -> str:
        """Return why a claim that holds for what is known proves nothing, or an empty text.

        A system that refuses everything is fast, and one that answers a tenth of its arrivals is
        asked for no more: neither keeps an upper limit.
        """
        asked = claim.tags.keys() & {"outcome", "error", "expected_response", "status", "recorded"}
        values = found.values
        limits = isinstance(values, Points) and values.values is not None and claim.upper
        if not limits or asked or claim.metric == "lag" or claim.aggregation == "count":
            return ""
        if claim.metric != "http_req_failed":
            same = ops_of(history, claim.tags)
            if not same.count_of(outcome=Ended.OK):
                why = told_not_ok(same)
                return f"none of {len(same):,} operations ended ok{f' ({why})' if why else ''}"
        dropped = len(found.drops) + found.unplaced
        if not dropped or not isinstance(values, Points):
            return ""
        worst = values.with_worst(found.drops)
        if found.unplaced:
            worst = worst.with_worst(values.times[:1].repeat(found.unplaced))
        figure = self._figure(claim, worst, spans, history)
        if figure is None or claim.holds(figure.value):
            return ""
        return f"{dropped:,} arrivals were dropped and are not in it"

    def _too_early(self, claim: Claim, value: float, history: History) -> str:
        """Return why a limit that is broken while the run lasts may yet be kept, or nothing."""
        if history.end is not None or self.worst is not None or self.last is not None:
            return ""
        lower = not any(one.sign in ("<", "<=") and not one.holds(value) for one in claim.bounds)
        below = all(one.holds(value) or value < one.limit for one in claim.bounds)
        grows = claim.aggregation in ("count", "value", "max") and lower and below
        falls = claim.aggregation == "min" and claim.upper and not lower
        if grows or falls or claim.too_little(value):
            return "the run is not over"
        return ""


def _figures(claim: Claim, figure: Figure, found: Found) -> dict[str, Scalar]:
    unit = _UNITS.get(claim.unit, "")
    figures: dict[str, Scalar] = {f"value{unit}": round(figure.value, 6)}
    if claim.two_sided:
        for bound in claim.bounds:
            low = bound.sign in (">", ">=")
            figures[f"limit_{'low' if low else 'high'}{unit}"] = bound.limit
    else:
        figures[f"limit{unit}"] = claim.bounds[0].limit
    if figure.stretch is not None:
        figures |= {"worst_from_s": figure.stretch[0], "worst_to_s": figure.stretch[1]}
    figures["samples"] = figure.count
    if found.ops is not None:
        ops = found.ops
        if figure.stretch is not None:
            ops = ops.where(ops.mask_inside([figure.stretch]))
        figures["failed"] = ops.count_of(outcome=Ended.FAIL)
        figures["undecided"] = ops.count_of(outcome=Ended.INFO)
    return figures


def _own_lag(claim: Claim, value: float, history: History) -> str:
    """Return why a broken limit may be the load generator's own doing, or an empty text.

    All loads share one event loop, so the trouble of one of them is the trouble of all.
    """
    timed = claim.metric in ("http_req_duration", "http_req_service") and claim.unit == "s"
    if not timed or not claim.upper or claim.too_little(value):
        return ""
    for late_s, told in _lateness(claim, history.loads):
        if late_s > _LATE_S and claim.holds(value - late_s):
            return f"{OWN_LATENESS} {told}"
    return ""


def _lateness(claim: Claim, loads: Sequence[LoadRecord]) -> Iterator[tuple[float, str]]:
    """Yield what of a figure may be the load generator's own lateness, in seconds and in words."""
    percent = 50 if claim.aggregation == "med" else claim.percent or 95
    if percent <= 50:
        name, late_s = "p50", max((one.late_p50_s for one in loads), default=0.0)
    elif percent <= 95 and claim.aggregation != "max":
        name, late_s = "p95", max((one.late_p95_s for one in loads), default=0.0)
    else:
        name, late_s = "p99", max((one.late_p99_s for one in loads), default=0.0)
    yield late_s, f"{_milliseconds(late_s)} late ({name})"
    troubled = max((one.loop_lag_s for one in loads if one.trouble), default=0.0)
    yield troubled, f"{_milliseconds(troubled)} late"
    for one in loads:
        waited = one.cpu_wait_share
        if waited > _CPU_WAIT_SHARE or waited > max(one.cpu_share, _CPU_WAIT_SHARE / 4):
            # Every send had to wait for a CPU, and then every answer once more.
            worst_s = one.loop_lag_s + one.late_p99_s
            why = f"it waited for a CPU {waited:.0%} of the time"
            yield worst_s, f"up to {_milliseconds(worst_s)} late: {why}"


def _milliseconds(seconds: float) -> str:
    return text_of_seconds(round(seconds, 4 if seconds < 0.1 else 3))


def _aborted_by(check: Threshold, history: History) -> str:
    """Return what *check* found when it ended the run early, or an empty text."""
    end = history.end or {}
    if not check.abort_on_fail or end.get("reason") != ABORTED:
        return ""
    told = str(end.get("detail") or "")
    head = f"{check.title()} at "
    return f"aborted at {told.removeprefix(head)}" if told.startswith(head) else ""


def _blurred(claim: Claim, value: float, values: Values | None) -> str:
    """Return that the figure is too near to its limit to tell, or an empty text.

    Percentiles of what is gathered in slices are known within the histogram's accuracy only.
    """
    if not isinstance(values, Slices) or claim.aggregation not in ("p", "med"):
        return ""
    if values.sort is not MetricSort.TREND or values.alike:
        return ""
    if claim.holds(value * (1 - ACCURACY)) == claim.holds(value * (1 + ACCURACY)):
        return ""
    return f"it is known within {ACCURACY:.0%} only, and the limit lies within that"


_SLOW = (
    "Look at the operations cited: pool connections with health checks, bound every wait, and "
    "shed load with a circuit breaker before queues grow."
)
_ADVICE: Mapping[str, str] = {
    "http_req_duration": _SLOW,
    "http_req_service": _SLOW,
    "http_req_failed": (
        "Look at the errors cited: which operation, from when to when, and what the server's log "
        "says at those times."
    ),
    "dropped_iterations": "Give the load more users, or find out why the system keeps them busy.",
    "checks": "Look at the table of checks: which did not pass, and how often.",
}
"""What to try, by metric."""
