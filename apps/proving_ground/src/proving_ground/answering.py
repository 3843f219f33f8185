"""What every server does around its handlers: what they raise becomes JSON, answers are counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from proving_ground.error_answer import error
from proving_ground.request_body import BadRequest
from proving_ground.request_metrics import RequestMetrics

_LOG = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]
Refusals = Mapping[type[Exception], Callable[[Any], Response]]
"""What an exception of this type is answered; any other is a mistake of ours: logged, and 500."""


class Answering:
    """Wraps the handlers of one server."""

    def __init__(self, refusals: Refusals, metrics: RequestMetrics) -> None:
        self._refusals: Refusals = {
            BadRequest: bad_request,
            ClientDisconnect: _client_gone,
            **refusals,
        }
        self._metrics = metrics

    def __call__(self, path: str, handler: Handler) -> Handler:
        """Return what answers requests to the route *path*."""

        async def answer(request: Request) -> Response:
            began_s = time.monotonic()
            route = f"{request.method} {path}"
            try:
                response = await handler(request)
            except Exception as problem:  # noqa: BLE001 - the last resort: a 500 below
                response = self._refused(route, problem)
            self._metrics.answered(route, response.status_code, time.monotonic() - began_s)
            return response

        return answer

    def _refused(self, route: str, problem: Exception) -> Response:
        for kind, refusal in self._refusals.items():
            if isinstance(problem, kind):
                return refusal(problem)
        _LOG.error("%s failed", route, exc_info=problem)
        return error(500, "internal", type(problem).__name__)


def bad_request(problem: Exception) -> Response:
    """Return the answer to a request that cannot be understood."""
    return error(400, "bad-request", str(problem))


def _client_gone(_problem: Exception) -> Response:
    return error(400, "client-gone", "the client has gone")
