"""The value of a Prometheus metric."""

from __future__ import annotations

import math
from typing import ClassVar

from pydantic import Field, field_validator

from hormesis.host.http_origin import Origin
from hormesis.host.prometheus_text import samples_of
from hormesis.wire.http_get import NoAnswer, http_get
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.units import Seconds


class Prometheus(Probe):
    """Read one metric from a ``/metrics`` page.

    Fields: ``value`` (the sum over all series whose labels match), ``series`` (how many they
    are) and ``ms``. A page that does not have the metric, or has no number for it, is a reason.
    """

    shorthand: ClassVar[str] = "url"

    url: str
    """The whole URL of the page."""
    metric: str = Field(pattern=r"^[A-Za-z_:][A-Za-z0-9_:]*$")
    """The metric's name."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that a series must have; others do not matter."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers to send."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long the whole answer may take."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        Origin.and_target(url)
        return url

    def describe(self) -> str:
        """Return the metric with its labels; headers may hold secrets and stay out."""
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"prometheus({self.metric}{'{' + labels + '}' if labels else ''})"

    async def observe(self, world: World) -> Observation:
        """Read the page once."""
        try:
            got = await http_get(self.url, headers=self.headers, timeout_s=self.timeout)
        except NoAnswer as error:
            return Observation(reason=str(error))
        answer = got.answer
        if answer.status != 200:
            return Observation({"status": answer.status}, reason=f"http-{answer.status}")
        return self._read(answer.body.decode("utf-8", "replace"), got.ms)

    def _read(self, page: str, ms: float) -> Observation:
        every = list(samples_of(page, self.metric))
        found = [one for one in every if self.labels.items() <= one.labels.items()]
        if not found:
            missing = "no series with these labels" if every else "no such metric"
            return Observation({"ms": ms}, reason=f"{self.metric}: {missing} on the page")
        total = math.fsum(one.value for one in found)
        if not math.isfinite(total):
            return Observation({"ms": ms, "series": len(found)}, reason=f"{self.metric}: {total}")
        value = int(total) if total.is_integer() and abs(total) < 2**53 else total
        return Observation({"value": value, "series": len(found), "ms": ms})
