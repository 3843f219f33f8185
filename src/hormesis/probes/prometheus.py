"""The value of a Prometheus metric."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from hormesis.host.http_origin import Origin
from hormesis.host.prometheus_text import Sample, samples_of
from hormesis.wire.http_get import NoAnswer, http_get
from hormesis.words.kind import Scalar
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.units import Seconds

_NAME = re.compile(r"[A-Za-z_:][\w:]*")
_REDUCED: Mapping[str, Callable[[Iterable[float]], float]] = {
    "sum": math.fsum, "max": max, "min": min,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one series showed last, and by how much it has grown until then."""

    last: float
    grown: float = 0.0

    def then(self, value: float) -> _Counted:
        """Return it after another look, which showed *value*; a smaller one counts from 0."""
        return _Counted(value, self.grown + (value - self.last if value >= self.last else value))


_NEW = _Counted(0.0)
_Series = tuple[tuple[str, str], ...]
"""A series by its labels."""


class Prometheus(Probe):
    """Read a metric from a ``/metrics`` page, or take a snapshot of several.

    Fields: ``value`` (over all series whose labels match, their sum unless ``reduce`` says
    otherwise), ``series`` (how many they are) and ``ms``. A page that does not have the metric, or
    has no number for it, is a reason.

    Without ``metric`` it is a snapshot: each series on the page has a field of its own, named as
    there (``trader_heartbeat_age_seconds{of="scan"}``), and ``value`` is how many they are.

    With ``since: start``, for counters, ``value`` is by how much the metric has grown since the run
    began, so that it does not matter for how long the system has been running; ``reading`` is what
    stands on the page. The page is read for that when the steady state has been met, before
    anything is prepared; when it could not be read then, every later look is a reason. Each series
    grows by itself, and ``reduce`` is of the growths, of all series seen since the start. A series
    that was not there at the start counts from 0. After a reset, which is a value below the one
    before, it counts from 0 again, as Prometheus' own ``increase()`` does (*Query functions* in its
    documentation), but without extrapolation; a reset that was outgrown before the next look
    cannot be seen, so a process that is killed wants short pauses between looks.
    """

    shorthand: ClassVar[str] = "url"

    url: str
    """The whole URL of the page."""
    metric: str | None = Field(default=None, pattern=r"^[A-Za-z_:][A-Za-z0-9_:]*$")
    """The metric's name; left out: a snapshot."""
    matching: str = "*"
    """Of a snapshot: a pattern of the metrics' names, such as `trader_*`."""
    reduce: Literal["sum", "max", "min"] = "sum"
    """What becomes of several series."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that a series must have; others do not matter."""
    since: Literal["start"] | None = None
    """`start`: tell by how much the metric has grown since the run began; left out: what it is."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers to send."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long the whole answer may take."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        Origin.and_target(url)
        return url

    @model_validator(mode="after")
    def _names_what_grows(self) -> Self:
        if self.since is not None and self.metric is None:
            raise ValueError("since needs a metric: a snapshot tells what each series is")
        return self

    @property
    def needs_first_look(self) -> bool:
        """Whether it tells a growth."""
        return self.since is not None

    def describe(self) -> str:
        """Return the metric with its labels; headers may hold secrets and stay out."""
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        told = f"{self.metric or self.matching}{'{' + labels + '}' if labels else ''}"
        return f"prometheus({told}{f' since {self.since}' if self.since else ''})"

    async def observe(self, world: World) -> Observation:
        """Read the page once."""
        try:
            got = await http_get(self.url, headers=self.headers, timeout_s=self.timeout)
        except NoAnswer as error:
            return Observation(reason=str(error))
        answer = got.answer
        if answer.status != 200:
            return Observation({"status": answer.status}, reason=f"http-{answer.status}")
        return self.read(answer.body.decode("utf-8", "replace"), got.ms)

    def read(self, page: str, ms: float) -> Observation:
        """Return what stands on *page*, which took *ms* milliseconds."""
        return self._snapshot(page, ms) if self.metric is None else self._one(page, self.metric, ms)

    def compared(self, seen: Observation, before: Observation) -> Observation:
        """Return the growth of each series that *seen* shows since *before*, reduced to one."""
        if seen.carried is None:
            return seen
        carried: dict[_Series, _Counted] = dict(before.carried or {})
        for series, one in seen.carried.items():
            carried[series] = carried.get(series, _NEW).then(one.last)
        if seen.reason:
            return replace(seen, carried=carried)
        grown = _REDUCED[self.reduce](one.grown for one in carried.values())
        fields = {**seen.fields, "value": _number(grown), "reading": seen.value}
        return replace(seen, fields=fields, carried=carried)

    def _one(self, page: str, metric: str, ms: float) -> Observation:
        every = list(samples_of(page, metric))
        found = [one for one in every if self.labels.items() <= one.labels.items()]
        if not found:
            missing = "no series with these labels" if every else "no such metric"
            # The page was read: what is not there yet counts from 0.
            return Observation({"ms": ms}, reason=f"{metric}: {missing} on the page", carried={})
        total = _REDUCED[self.reduce](one.value for one in found)
        if not math.isfinite(total):
            return Observation({"ms": ms, "series": len(found)}, reason=f"{metric}: {total}")
        fields = {"value": _number(total), "series": len(found), "ms": ms}
        return Observation(fields, carried={_series(one): _Counted(one.value) for one in found})

    def _snapshot(self, page: str, ms: float) -> Observation:
        lines: dict[str, list[str]] = {}
        for line in page.splitlines():
            found = _NAME.match(line)
            if found is not None and fnmatchcase(found[0], self.matching):
                lines.setdefault(found[0], []).append(line)
        seen: dict[str, Scalar] = {}
        for name, own in lines.items():
            for one in samples_of("\n".join(own), name):
                if self.labels.items() <= one.labels.items() and math.isfinite(one.value):
                    labels = ",".join(f'{key}="{value}"' for key, value in one.labels.items())
                    seen[f"{name}{{{labels}}}" if labels else name] = _number(one.value)
        if not seen:
            return Observation({"ms": ms}, reason=f"no metric {self.matching} on the page")
        return Observation({**seen, "value": len(seen), "ms": ms})


def _series(sample: Sample) -> _Series:
    return tuple(sorted(sample.labels.items()))


def _number(value: float) -> int | float:
    """Return *value*, as a whole number when it is one."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
