"""Claim: what a threshold says, parsed from ``METRIC{TAGS} AGGREGATION OPERATOR LIMIT``.

The grammar is k6's, and bare numbers mean what they mean there: milliseconds for times, a share
from 0 to 1 for rates. On top of it come units (``500ms``, ``5%``, ``50/s``, ``10MB``) and a lower
limit before the metric: ``200ms < http_req_duration p(95) < 2s``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache

from hormesis.record.metrics import (
    AGGREGATIONS,
    METRICS,
    OF_LOADS,
    TAGS,
    UNMEASURED,
    UNRECORDED,
    Metric,
    Source,
)
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.metric import MetricSort
from hormesis.words.units import (
    bytes_from,
    per_second_from,
    seconds_from,
    share_from,
    text_of_seconds,
)

_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_NAME = re.compile(r"[A-Za-z_]\w{1,127}")
_FIRST = re.compile(r"\s*(?P<limit>[-+.\d][^<>=!{}]*?)\s*(?P<sign><=|>=|<|>)\s*(?=[A-Za-z_])")
_REST = re.compile(
    r"\s*(?P<aggregation>[a-z]+)\s*(?:\(\s*(?P<percent>\d+(?:\.\d+)?)\s*\))?\s*"
    r"(?P<sign><=|>=|===|==|!=|<|>)\s*(?P<limit>\S+(?:\s\S+)?)\s*"
)
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_TAG = re.compile(r"""\s*(?P<name>[^:,"']*?)\s*:\s*(?P<value>"[^"]*"|'[^']*'|[^,]*?)\s*(?:,|$)""")
_EXAMPLE = "http_req_duration{name:claim} p(95) < 500ms"
_FORM = f"expected METRIC{{TAGS}} AGGREGATION OPERATOR LIMIT, such as `{_EXAMPLE}`"
_BEHIND = "behind it may stand during(FAULT), after, before, outside, last 10s or worst 10s"
_PERCENT_MAX = 100
_NEAR = 0.85
"""From which likeness on a name is taken for a slip, not for one of the user's own."""
_OUTCOMES = ("outcome", "error", "expected_response")


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit; in seconds, a share from 0 to 1, per second, bytes, or a plain number."""

    sign: str
    limit: float

    def holds(self, value: float) -> bool:
        """Return whether *value* keeps the limit.

        Both are rounded to nine digits after the point, because the noise of a subtraction must
        not decide a claim such as ``<= 800ms``.
        """
        return _SIGNS[self.sign](round(value, 9), round(self.limit, 9))

    def excess(self, value: float) -> float:
        """Return by how much *value* is on the wrong side; below zero on the right one."""
        if self.sign in ("<", "<="):
            return value - self.limit
        if self.sign in (">", ">="):
            return self.limit - value
        return abs(value - self.limit) * (1 if self.sign == "==" else -1)


@dataclass(frozen=True)
class Claim:
    """A parsed claim. ``unit`` is ``s``, ``%``, ``/s``, ``B``, ``B/s`` or empty.

    ``percent`` belongs to ``p(N)``. With two bounds the first is the one before the metric.
    ``metric`` is known, or one of the user's own, of which only a run tells what it is.
    """

    metric: str
    aggregation: str
    percent: float
    bounds: tuple[Bound, ...]
    unit: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def known(self) -> Metric | None:
        """Return what is known of the metric; None when it is one of the user's own."""
        return METRICS.get(self.metric)

    @property
    def upper(self) -> bool:
        """Return whether the claim keeps its figure from growing."""
        return any(
            one.sign in ("<", "<=") or (one.sign == "==" and not one.limit) for one in self.bounds
        )

    @property
    def two_sided(self) -> bool:
        """Return whether the figure must lie between two limits."""
        return len(self.bounds) > 1

    def holds(self, value: float) -> bool:
        """Return whether *value* keeps every limit."""
        return all(one.holds(value) for one in self.bounds)

    def excess(self, value: float) -> float:
        """Return by how much *value* breaks the claim at worst; the larger, the worse."""
        return max(one.excess(value) for one in self.bounds)

    def too_little(self, value: float) -> bool:
        """Return whether *value* is below the lower limit of a range."""
        return self.two_sided and any(
            one.sign in (">", ">=") and not one.holds(value) for one in self.bounds
        )

    def told(self, value: float) -> str:
        """Return *value* with the claim's unit, for people."""
        if self.unit == "s":
            return text_of_seconds(round(value, 4))
        if self.unit == "%":
            return f"{value * 100:.3g}%"
        if self.unit == "/s":
            return f"{value:.4g}/s"
        if self.unit.startswith("B"):
            return _bytes_told(value) + self.unit[1:]
        return f"{value:,.0f}" if value == round(value) else f"{value:g}"

    def sentence(self, value: float) -> str:
        """Return what was found next to what is allowed."""
        percent = f"({self.percent:g})" if self.aggregation == "p" else ""
        figure = f"{self.aggregation}{percent} is {self.told(value)}"
        allowed = " and ".join(f"{one.sign} {self.told(one.limit)}" for one in self.bounds)
        return f"{figure}, allowed {allowed}"


def _bytes_told(value: float) -> str:
    for power, unit in ((9, "GB"), (6, "MB"), (3, "KB")):
        if abs(value) >= 10**power:
            return f"{value / 10**power:.4g}{unit}"
    return f"{value:.4g}B"


@cache
def claim_of(expression: str) -> Claim:
    """Parse *expression*.

    Raises:
        ValueError: says what was expected, with the nearest known word.
    """
    first = _FIRST.match(expression)
    text = expression[first.end() :] if first else expression.strip()
    metric, tags, rest = _split(text)
    match = _REST.fullmatch(rest)
    if match is None:
        raise ValueError(_FORM)
    _check_metric(metric)
    aggregation, percent = match["aggregation"], match["percent"]
    _check_aggregation(metric, aggregation, percent)
    unit = _unit_of(METRICS.get(metric), aggregation, match["limit"])
    bounds = [Bound(match["sign"].replace("===", "=="), _limit_of(match["limit"], unit))]
    if first:
        bounds = [Bound(_MIRRORED[first["sign"]], _limit_of(first["limit"], unit)), *bounds]
        _check_range(bounds)
    return Claim(
        metric=metric,
        aggregation=aggregation,
        percent=float(percent or 0),
        bounds=tuple(bounds),
        unit=unit,
        tags=dict(_tags_of(tags, metric)),
    )


def _split(text: str) -> tuple[str, str, str]:
    """Return metric, tags and rest; braces within tags, such as of a path's, must be balanced."""
    name = _NAME.match(text)
    if name is None:
        raise ValueError(_FORM)
    rest = text[name.end() :].lstrip()
    if not rest.startswith("{"):
        return name[0], "", rest
    depth, quote = 0, ""
    for index, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += (letter == "{") - (letter == "}")
        if not depth and not quote:
            return name[0], rest[1:index], rest[index + 1 :]
    raise ValueError("expected } at the end of the tags")


def _check_metric(name: str) -> None:
    if name in UNMEASURED:
        raise ValueError(f"expected a metric that is measured, found {name}: {UNMEASURED[name]}")
    if name in METRICS:
        return
    if _near(name, METRICS) or name.startswith(("http_req_", "grpc_", "browser_")):
        raise ValueError(f"expected a metric; {did_you_mean(name, METRICS, noun='metrics')}")


def _near(word: str, known: Iterable[str]) -> bool:
    """Return whether *word* is so like a known one that it must be a slip."""
    form = word.casefold().replace("-", "_")
    return any(SequenceMatcher(None, form, one).ratio() >= _NEAR for one in known)


def _check_aggregation(metric: str, aggregation: str, percent: str | None) -> None:
    if metric in METRICS:
        known, who = AGGREGATIONS[METRICS[metric].sort], metric
    else:
        known = tuple(dict.fromkeys(one for several in AGGREGATIONS.values() for one in several))
        who = "a metric"
    if aggregation not in known:
        shown = [f"{one}(N)" if one == "p" else one for one in known]
        hint = did_you_mean(aggregation, shown, noun="aggregations")
        raise ValueError(f"expected an aggregation that {who} has; {hint}")
    if (percent is not None) != (aggregation == "p"):
        raise ValueError("expected a percentile such as p(95), and no number elsewhere")
    if percent is not None and float(percent) > _PERCENT_MAX:
        raise ValueError(f"expected a percentile from 0 to 100, found {percent}")


def _check_range(bounds: list[Bound]) -> None:
    lower = [one for one in bounds if one.sign in (">", ">=")]
    upper = [one for one in bounds if one.sign in ("<", "<=")]
    if not lower or not upper:
        raise ValueError("expected a lower and an upper limit, such as `200ms < … < 2s`")
    if lower[0].limit >= upper[0].limit:
        raise ValueError("expected a lower limit below the upper one")


def _unit_of(metric: Metric | None, aggregation: str, limit: str) -> str:
    """Return the unit of the figure; that of a user's own metric is the one its limit has."""
    if metric is None:
        own = {"s": seconds_from, "%": share_from, "/s": per_second_from}
        if aggregation == "count" or _NUMBER.fullmatch(limit):
            return ""
        return next((unit for unit, parse in own.items() if _parses(parse, limit)), "")
    if metric.sort is MetricSort.RATE:
        return "" if aggregation == "count" else "%"
    if metric.sort is MetricSort.TREND:
        return "" if aggregation == "count" else metric.unit
    return metric.unit + ("/s" if aggregation == "rate" else "")


def _parses(parse: Callable[[str], float], text: str) -> bool:
    try:
        parse(text)
    except ValueError:
        return False
    return True


def _limit_of(text: str, unit: str) -> float:
    try:
        return _number_of(text.strip(), unit)
    except ValueError as error:
        behind = text.strip().partition(" ")[2]
        hint = f"; {_BEHIND}" if behind[:1].isalpha() else ""
        raise ValueError(f"{error}, found {text.strip()!r}{hint}") from None


def _number_of(text: str, unit: str) -> float:
    if _NUMBER.fullmatch(text):
        number = float(text)
        if unit == "%":
            return share_from(number)
        return number / 1000 if unit == "s" else number
    if unit == "s":
        return _or(seconds_from, text, "expected a time such as 500ms, or milliseconds such as 500")
    if unit == "/s":
        return _or(per_second_from, text, "expected a rate such as 50/s, or per second such as 50")
    if unit == "%":
        return share_from(text)
    if unit.startswith("B"):
        expected = f"expected an amount such as 10MB{unit[1:]}, or bytes such as 1000"
        return float(_or(bytes_from, text.removesuffix(unit[1:]), expected))
    raise ValueError("expected a plain number")


def _or(parse: Callable[[str], float], text: str, expected: str) -> float:
    try:
        return parse(text)
    except ValueError:
        raise ValueError(expected) from None


def _tags_of(text: str, metric: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        match = _TAG.match(text, at)
        value = match["value"] if match else ""
        if match is None or not match["name"] or not value:
            found = text[at:].split(",")[0].strip()
            raise ValueError(f"expected a tag such as name:claim, found {found!r}")
        _check_tag(match["name"], metric)
        quoted = value[0] in "\"'" and value[-1] == value[0]
        yield match["name"], value[1:-1] if quoted else value.strip("\"'")
        at = match.end()


def _check_tag(name: str, metric: str) -> None:
    usable = _usable(metric)
    alike = name in (*TAGS, *UNRECORDED) or _near(name, usable)
    own = metric != "dropped_iterations" and not alike
    if name not in usable and not own:
        hint = UNRECORDED.get(name) or did_you_mean(name, usable, noun="tags")
        raise ValueError(f"expected a tag that this metric has; {hint}")


def _usable(metric: str) -> list[str]:
    """Return which tags a metric may have, beside a user's own."""
    known = METRICS.get(metric)
    if metric in OF_LOADS:
        return ["load", "scenario"]
    if known is None or known.source is not Source.OPS:
        return [tag for tag in TAGS if tag != "recorded"]
    # A share among failed operations alone would always be 100 %.
    without = ("check", *_OUTCOMES) if known.sort is MetricSort.RATE else ("check",)
    return [tag for tag in TAGS if tag not in without]
