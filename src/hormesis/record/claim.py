"""Claim: what a threshold says, parsed from ``METRIC{TAGS} AGGREGATION OPERATOR LIMIT``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from hormesis.record.metrics import METRICS, TAGS, Sort
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.units import per_second_from, seconds_from, share_from, text_of_seconds

_FORM = re.compile(
    r"(?P<metric>\w+)\s*(?:\{(?P<tags>[^}]*)\})?\s*"
    r"(?P<aggregation>[a-z]+)\s*(?:\(\s*(?P<percent>\d+(?:\.\d+)?)\s*\))?\s*"
    r"(?P<sign><=|>=|==|!=|<|>)\s*(?P<limit>\S+(?:\s\S+)?)"
)
_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_EXAMPLE = "http_req_duration{name:claim} p(95) < 500ms"
_PERCENT_MAX = 100


@dataclass(frozen=True)
class Claim:
    """A parsed claim; ``limit`` is in seconds, a share from 0 to 1, per second, or a count.

    ``unit`` says which: ``s``, ``%``, ``/s`` or empty. ``percent`` belongs to ``p(N)``.
    """

    metric: str
    aggregation: str
    percent: float
    sign: str
    limit: float
    unit: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def sort(self) -> Sort:
        """Return what the metric is made of."""
        return METRICS[self.metric].sort

    def holds(self, value: float) -> bool:
        """Return whether *value* keeps the limit.

        Both are rounded to nine digits after the point, because the noise of a subtraction must
        not decide a claim such as ``<= 800ms``.
        """
        return _SIGNS[self.sign](round(value, 9), round(self.limit, 9))

    def told(self, value: float) -> str:
        """Return *value* with the claim's unit, for people."""
        if self.unit == "s":
            return text_of_seconds(round(value, 4))
        if self.unit == "%":
            return f"{value * 100:.3g}%"
        return f"{value:.4g}/s" if self.unit == "/s" else f"{value:g}"

    def sentence(self, value: float) -> str:
        """Return what was found next to what is allowed."""
        percent = f"({self.percent:g})" if self.aggregation == "p" else ""
        figure = f"{self.aggregation}{percent} is {self.told(value)}"
        return f"{figure}, allowed {self.sign} {self.told(self.limit)}"


@cache
def claim_of(expression: str) -> Claim:
    """Parse *expression*.

    Raises:
        ValueError: says what was expected, with the nearest known word.
    """
    match = _FORM.fullmatch(expression.strip())
    if match is None:
        raise ValueError(
            f"expected METRIC{{TAGS}} AGGREGATION OPERATOR LIMIT, such as `{_EXAMPLE}`"
        )
    name = match["metric"]
    if name not in METRICS:
        raise ValueError(f"expected a metric; {did_you_mean(name, METRICS, noun='metrics')}")
    aggregation, percent = match["aggregation"], match["percent"]
    _check_aggregation(name, aggregation, percent)
    unit = _unit_of(METRICS[name].sort, aggregation)
    return Claim(
        metric=name,
        aggregation=aggregation,
        percent=float(percent or 0),
        sign=match["sign"],
        limit=_limit_of(match["limit"].strip(), unit),
        unit=unit,
        tags=_tags_of(match["tags"] or "", METRICS[name].sort),
    )


def _check_aggregation(metric: str, aggregation: str, percent: str | None) -> None:
    known = METRICS[metric].aggregations
    if aggregation not in known:
        shown = [f"{one}(N)" if one == "p" else one for one in known]
        hint = did_you_mean(aggregation, shown, noun="aggregations")
        raise ValueError(f"expected an aggregation that {metric} has; {hint}")
    if (percent is not None) != (aggregation == "p"):
        raise ValueError("expected a percentile such as p(95), and no number elsewhere")
    if percent is not None and float(percent) > _PERCENT_MAX:
        raise ValueError(f"expected a percentile from 0 to 100, found {percent}")


def _unit_of(sort: Sort, aggregation: str) -> str:
    if aggregation == "count":
        return ""
    if sort is Sort.TIME:
        return "s"
    if sort is Sort.SHARE:
        return "%"
    return "/s" if aggregation == "rate" else ""


def _limit_of(text: str, unit: str) -> float:
    try:
        return _number_of(text, unit)
    except ValueError as error:
        told = str(error)
        raise ValueError(told if "found" in told else f"{told}, found {text!r}") from None


def _number_of(text: str, unit: str) -> float:
    if unit == "s":
        return seconds_from(text)
    if unit == "/s":
        return per_second_from(text)
    try:
        number: float | str = float(text)
    except ValueError:
        number = text
    if unit == "%":
        return share_from(number)
    if isinstance(number, str):
        raise ValueError(f"expected a plain number, found {text}")
    return number


def _tags_of(text: str, sort: Sort) -> dict[str, str]:
    usable = {
        Sort.LOADS: ("load",),
        # A share among failed operations alone would always be 100 %.
        Sort.SHARE: ("name", "load"),
    }.get(sort, tuple(TAGS))
    tags = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, value = (piece.strip() for piece in part.partition(":"))
        if not colon or not value:
            raise ValueError(f"expected a tag such as name:claim, found {part!r}")
        if name not in usable:
            hint = did_you_mean(name, usable, noun="tags")
            raise ValueError(f"expected a tag that this metric has; {hint}")
        tags[name] = value.strip("\"'")
    return tags
