"""What a server counts about its requests, in Prometheus' terms."""

from __future__ import annotations

from http import HTTPStatus

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from proving_ground.error_answer import error

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class RequestMetrics:
    """Requests by route; ``started_at_s`` is the server's start in seconds since the epoch."""

    def __init__(self, prefix: str, registry: CollectorRegistry, started_at_s: float) -> None:
        self._requests = Counter(
            prefix + "requests",
            "Requests by route and status",
            ["route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            prefix + "request_seconds",
            "Seconds from request to answer",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        start = "Start, in seconds since the epoch"
        Gauge(prefix + "start_time_seconds", start, registry=registry).set(started_at_s)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count a request to a route, once it is answered."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    async def unmatched(self, request: Request, problem: Exception) -> Response:
        """Count and answer a request that no route takes."""
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        self._requests.labels("unmatched", status).inc()
        code = HTTPStatus(status).phrase.lower().replace(" ", "-")
        return error(status, code, f"{request.method} {request.url.path}")
