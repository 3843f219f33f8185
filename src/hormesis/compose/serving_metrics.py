"""Serving a running load's figures to Prometheus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hormesis.engine.followed_writer import Follower
from hormesis.engine.live import Live
from hormesis.host.metrics_endpoint import MetricsEndpoint
from hormesis.record.load_tally import LoadTally
from hormesis.words.trouble import CapabilityTrouble


@asynccontextmanager
async def metrics_served(port: int | None, live: Live) -> AsyncIterator[tuple[Follower, ...]]:
    """Serve figures on *port* inside the block; give what has to follow the loads. None: nothing.

    Raises:
        CapabilityTrouble: the port is taken or not allowed.
    """
    if port is None:
        yield ()
        return
    tally = LoadTally()
    endpoint = MetricsEndpoint(tally.families, port=port)
    try:
        await endpoint.start()
    except OSError as error:
        raise CapabilityTrouble(
            f"cannot serve figures on port {port}: {error.strerror or error}",
            hint="--prometheus 0 takes a free port",
        ) from error
    live.say(live.now, f"figures for Prometheus: {endpoint.url}")
    try:
        yield (tally,)
    finally:
        await endpoint.close()
