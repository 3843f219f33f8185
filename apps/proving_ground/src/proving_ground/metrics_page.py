"""The page that Prometheus reads."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from starlette.responses import Response

_FORMAT = "text/plain; version=0.0.4"


def metrics_page(registry: CollectorRegistry) -> Response:
    """Return what the metrics of *registry* say now."""
    return Response(generate_latest(registry), media_type=_FORMAT)
