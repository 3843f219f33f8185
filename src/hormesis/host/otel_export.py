"""OpenTelemetry: pushes a running load's figures to a collector, if the packages are installed.

The figures are those of the Prometheus endpoint, under the same names without ``_total`` and the
unit, and with a dot after the first word: ``hormesis.response``, in seconds. Counters and
histograms are cumulative since the start of the run.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING

from hormesis.record.exposition import Buckets, Family, FamilySort, Sample
from hormesis.words.clock import Clock
from hormesis.words.trouble import CapabilityTrouble

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import (
        Gauge,
        Histogram,
        HistogramDataPoint,
        Metric,
        MetricExporter,
        MetricsData,
        NumberDataPoint,
        Sum,
    )

SERVICE = "hormesis"
MISSING, HINT = "OpenTelemetry is not installed", "pip install 'hormesis[otel]'"
EVERY_S = 5.0
TIMEOUT_S = 3.0
"""A collector that takes longer than this for a push does not get it."""
_UNITS = {"_seconds": "s", "_bytes": "By", "_ratio": "1"}


def otlp_exporter(endpoint: str | None = None) -> MetricExporter:
    """Return what sends metrics to a collector by OTLP over HTTP.

    *endpoint* None leaves it to ``OTEL_EXPORTER_OTLP_ENDPOINT`` and its kin.

    Raises:
        CapabilityTrouble: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    except ImportError as error:
        raise CapabilityTrouble(MISSING, hint=HINT) from error
    # What fails is told by the run itself; its retries must not write into a terminal.
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    return OTLPMetricExporter(endpoint=endpoint, timeout=TIMEOUT_S)


def metrics_data(
    families: Iterable[Family], attributes: Mapping[str, str], began_ns: int, now_ns: int
) -> MetricsData:
    """Return *families* as OpenTelemetry's own values; times in nanoseconds since the epoch.

    Raises:
        CapabilityTrouble: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.sdk.metrics import export
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    except ImportError as error:
        raise CapabilityTrouble(MISSING, hint=HINT) from error
    metrics = [_metric(export, one, began_ns, now_ns) for one in families if one.samples]
    scope = export.ScopeMetrics(InstrumentationScope(SERVICE), metrics, "")
    resource = Resource({"service.name": SERVICE, **attributes})
    return export.MetricsData([export.ResourceMetrics(resource, [scope], "")])


class OtelPush:
    """Pushes what *families* returns every *every_s* seconds while the block runs, and at its end.

    A push that fails costs nothing but itself: ``failed`` counts them, ``trouble`` tells the last.
    """

    def __init__(
        self,
        families: Callable[[], Iterable[Family]],
        exporter: MetricExporter,
        clock: Clock,
        *,
        attributes: Mapping[str, str],
        every_s: float = EVERY_S,
    ) -> None:
        self.pushed = 0
        self.failed = 0
        self.trouble = ""
        self._families = families
        self._exporter = exporter
        self._clock = clock
        self._attributes = attributes
        self._every_s = every_s
        self._began_ns = int(clock.wall() * 1e9) - clock.now_ns()
        self._tasks: list[asyncio.Task[None]] = []
        """Who pushes often, and behind it the push that goes on."""

    async def __aenter__(self) -> OtelPush:
        self._tasks = [asyncio.create_task(self._push_often())]
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._tasks[0].cancel()
        # The push that goes on ends by itself, or by its time-out.
        await asyncio.wait(self._tasks)
        await self.push()
        await asyncio.to_thread(self._exporter.shutdown)

    async def push(self) -> None:
        """Push what there is now; a push that has begun ends, also when this is cancelled."""
        now_ns = self._began_ns + self._clock.now_ns()
        data = metrics_data(self._families(), self._attributes, self._began_ns, now_ns)
        sending = asyncio.create_task(self._send(data))
        self._tasks[1:] = [sending]
        await asyncio.shield(sending)

    async def _send(self, data: MetricsData) -> None:
        try:
            result = await asyncio.to_thread(self._exporter.export, data)
        except Exception as trouble:  # noqa: BLE001
            # Whatever a collector or its exporter does, the run goes on.
            self.failed, self.trouble = self.failed + 1, f"{type(trouble).__name__}: {trouble}"
            return
        if result.name == "SUCCESS":
            self.pushed += 1
        else:
            self.failed, self.trouble = self.failed + 1, "the collector did not take it"

    async def _push_often(self) -> None:
        due = self._clock.now()
        while True:
            due = max(due + self._every_s, self._clock.now())
            await self._clock.sleep_until(due)
            await self.push()


def _metric(export: ModuleType, family: Family, began_ns: int, now_ns: int) -> Metric:
    name, unit = _named(family)
    cumulative = export.AggregationTemporality.CUMULATIVE
    point = _histogram if family.sort is FamilySort.HISTOGRAM else _number
    points = [point(export, one, began_ns, now_ns) for one in family.samples]
    data: Gauge | Histogram | Sum
    if family.sort is FamilySort.HISTOGRAM:
        data = export.Histogram(points, cumulative)
    elif family.sort is FamilySort.COUNTER:
        data = export.Sum(points, cumulative, is_monotonic=True)
    else:
        data = export.Gauge(points)
    made: Metric = export.Metric(name, family.told, unit, data)
    return made


def _named(family: Family) -> tuple[str, str]:
    base = family.name.removesuffix("_total")
    for ending, unit in _UNITS.items():
        if base.endswith(ending):
            return base.removesuffix(ending).replace("_", ".", 1), unit
    return base.replace("_", ".", 1), "1"


def _number(
    export: ModuleType, sample: Sample, began_ns: int, now_ns: int
) -> NumberDataPoint | HistogramDataPoint:
    value = math.nan if isinstance(sample.value, Buckets) else sample.value
    made: NumberDataPoint = export.NumberDataPoint(dict(sample.labels), began_ns, now_ns, value)
    return made


def _histogram(
    export: ModuleType, sample: Sample, began_ns: int, now_ns: int
) -> NumberDataPoint | HistogramDataPoint:
    assert isinstance(sample.value, Buckets)
    buckets = sample.value
    made: HistogramDataPoint = export.HistogramDataPoint(
        attributes=dict(sample.labels),
        start_time_unix_nano=began_ns,
        time_unix_nano=now_ns,
        count=sum(buckets.counts),
        sum=buckets.total,
        bucket_counts=list(buckets.counts),
        explicit_bounds=list(buckets.bounds),
        min=None,  # nobody kept the ends
        max=None,
    )
    return made
