"""A running load's figures for others: served to Prometheus, pushed to OpenTelemetry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from hormesis.compose.preparing import Prepared
from hormesis.engine.followed_writer import Follower
from hormesis.engine.live import Live
from hormesis.host.metrics_endpoint import MetricsEndpoint
from hormesis.host.otel_export import OtelPush, otlp_exporter
from hormesis.record.history_writer import HistoryWriter
from hormesis.record.load_tally import LoadTally
from hormesis.words.history import Note
from hormesis.words.trouble import CapabilityTrouble

SERVED = "figures for Prometheus:"
"""How the line begins that says where figures are served."""


@asynccontextmanager
async def metrics_served(
    prepared: Prepared, live: Live, writer: HistoryWriter
) -> AsyncIterator[tuple[Follower, ...]]:
    """Serve and push what the request asks for inside the block; give what follows the loads.

    Raises:
        CapabilityTrouble: the port is taken or not allowed, or OpenTelemetry is not installed.
    """
    request = prepared.request
    if request.metrics_port is None and not request.otel:
        yield ()
        return
    tally = LoadTally()
    async with AsyncExitStack() as stack:
        if request.metrics_port is not None:
            await stack.enter_async_context(await _endpoint(tally, request.metrics_port, live))
        if request.otel:
            push = _push(tally, prepared)
            stack.callback(_note_failures, push, prepared, writer)
            await stack.enter_async_context(push)
        yield (tally,)


async def _endpoint(tally: LoadTally, port: int, live: Live) -> AsyncExitStack:
    """Return the endpoint, which listens already, as what closes it."""
    endpoint = MetricsEndpoint(tally.families, port=port)
    try:
        await endpoint.start()
    except OSError as error:
        raise CapabilityTrouble(
            f"cannot serve figures on port {port}: {error.strerror or error}",
            hint="--prometheus 0 takes a free port",
        ) from error
    live.say(live.now, f"{SERVED} {endpoint.url}")
    stack = AsyncExitStack()
    stack.push_async_callback(endpoint.close)
    return stack


def _push(tally: LoadTally, prepared: Prepared) -> OtelPush:
    try:
        exporter = otlp_exporter(prepared.request.otel)
    except ImportError as error:
        raise CapabilityTrouble(
            "OpenTelemetry is not installed", hint="pip install 'hormesis[otel]'"
        ) from error
    attributes = {"run": prepared.stand.run_id, "title": prepared.experiment.title}
    return OtelPush(tally.families, exporter, prepared.clock, attributes=attributes)


def _note_failures(push: OtelPush, prepared: Prepared, writer: HistoryWriter) -> None:
    if push.failed:
        told = f"{push.failed} of {push.failed + push.pushed} pushes failed: {push.trouble}"
        writer.note(Note(prepared.clock.now(), "warning", "opentelemetry", told))
