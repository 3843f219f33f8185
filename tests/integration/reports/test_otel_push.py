"""OpenTelemetry: what a collector gets of a running load, and what a broken one costs."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from hormesis.engine.clock import LoopClock
from hormesis.host.otel_export import OtelPush, metrics_data, otlp_exporter
from hormesis.record.load_tally import LoadTally
from hormesis.words.history import History
from hormesis.words.metric import MetricSlice, MetricSort
from hormesis.words.op import Ended, Op

pytestmark = pytest.mark.anyio
export: Any = pytest.importorskip(
    "opentelemetry.sdk.metrics.export", reason="needs opentelemetry-sdk (hormesis[otel])"
)


def tally() -> LoadTally:
    ops = [Op(n, "shop", "read", 1, n, n, n + 0.2, Ended.OK) for n in range(5)]
    ops.append(Op(9, "shop", "read", 1, 9.0, 9.0, 9.5, Ended.FAIL, "reset"))
    users = MetricSlice("vus", MetricSort.GAUGE, "shop", 0.0, 1, 7, 7, 7, 7)
    return LoadTally.of(History({}, ops, metrics=[users]))


def metrics_of(data: Any) -> dict[str, Any]:
    """Return the metrics of one push, by name."""
    (resource,) = data.resource_metrics
    (scope,) = resource.scope_metrics
    return {one.name: one for one in scope.metrics}


class Kept(export.MetricExporter):  # type: ignore[misc]
    """Keeps what it gets, or breaks; ``third`` is set when it was asked three times."""

    def __init__(self, trouble: Exception | None = None) -> None:
        super().__init__()
        self.asked = 0
        self.third = threading.Event()
        self.taken: list[Any] = []
        self.trouble = trouble
        self.closed = False

    def export(self, metrics_data: Any, timeout_millis: float = 0, **more: Any) -> Any:
        self.asked += 1
        if self.asked == 3:
            self.third.set()
        if self.trouble:
            raise self.trouble
        self.taken.append(metrics_data)
        return export.MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis: float = 0) -> bool:
        return True

    def shutdown(self, timeout_millis: float = 0, **more: Any) -> None:
        self.closed = True


def test_the_figures_are_those_of_the_endpoint_in_opentelemetrys_own_values() -> None:
    data = metrics_data(tally().families(), {"run": "r1"}, 1_000, 2_000)
    assert data.resource_metrics[0].resource.attributes["run"] == "r1"
    found = metrics_of(data)
    operations = found["hormesis.operations"].data
    assert operations.is_monotonic
    assert {one.attributes["outcome"]: one.value for one in operations.data_points} == {
        "ok": 5, "fail": 1
    }  # fmt: skip
    response = found["hormesis.response"]
    assert response.unit == "s"
    (point,) = response.data.data_points
    assert (point.count, round(point.sum, 6)) == (6, 1.5)
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert sum(point.bucket_counts) == 6
    assert (point.start_time_unix_nano, point.time_unix_nano) == (1_000, 2_000)
    (users,) = found["hormesis.vus"].data.data_points
    assert users.value == 7


async def test_pushes_now_and_then_and_once_more_at_the_end() -> None:
    clock, kept = LoopClock(), Kept()
    async with OtelPush(tally().families, kept, clock, attributes={}, every_s=0.01) as push:
        assert await asyncio.to_thread(kept.third.wait, 20)
        before = push.pushed
    assert len(kept.taken) == push.pushed > before
    times = [next(iter(metrics_of(one).values())).data.data_points[0] for one in kept.taken]
    moments = [one.time_unix_nano for one in times]
    assert moments == sorted(moments)
    assert len({one.start_time_unix_nano for one in times}) == 1
    assert kept.closed
    assert push.failed == 0


async def test_a_collector_that_breaks_costs_its_pushes_only() -> None:
    clock, kept = LoopClock(), Kept(ConnectionError("nobody there"))
    async with OtelPush(tally().families, kept, clock, attributes={}, every_s=0.01) as push:
        assert await asyncio.to_thread(kept.third.wait, 20)
    assert push.pushed == 0
    assert push.failed == kept.asked > 3
    assert "nobody there" in push.trouble


@pytest.fixture
def collector() -> Iterator[tuple[str, list[bytes]]]:
    taken: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *told: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/metrics", taken
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.integration
def test_a_collector_gets_it_by_otlp(collector: tuple[str, list[bytes]]) -> None:
    service = pytest.importorskip(
        "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2",
        reason="needs opentelemetry-exporter-otlp-proto-http (hormesis[otel])",
    )
    url, taken = collector
    exporter = otlp_exporter(url)
    result = exporter.export(metrics_data(tally().families(), {}, 1_000, 2_000))
    exporter.shutdown()
    assert result is export.MetricExportResult.SUCCESS
    (body,) = taken
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    names = {
        metric.name
        for resource in service.ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert {"hormesis.operations", "hormesis.response", "hormesis.vus"} <= names
