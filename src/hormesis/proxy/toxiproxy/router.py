"""Router: which operation a method and a path stand for, the way gorilla/mux sees it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

from hormesis.proxy.toxiproxy.http_server import Answer, Request

Operation = Callable[..., Awaitable[Answer]]
"""Takes the request and the names in its path."""
Routes = Mapping[str, Mapping[str, Operation]]
"""Per pattern, such as ``/proxies/{}``, the operations by method; ``*`` is any method."""

TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
REQUEST_ID = "X-Toxiproxy-Request-Id"


class Router:
    """Finds the operation of a request for *perform*; what has none is answered here."""

    def __init__(self, routes: Routes, perform: Operation) -> None:
        self._perform = perform
        self._routes = [(tuple(pattern.split("/")), ways) for pattern, ways in routes.items()]

    async def answer(self, request: Request) -> Answer:
        """Return the answer to *request*."""
        path, mark, query = request.target.partition("?")
        path = unquote(path)
        clean = _clean(path)
        if clean != path:
            return Answer(301, headers={"Location": clean + mark + query})
        parts = tuple(path.split("/"))
        for pattern, ways in self._routes:
            names = _matched(pattern, parts)
            if names is None:
                continue
            operation = ways.get(request.method) or ways.get("*")
            if operation is None:
                return Answer(405)
            if request.headers.get("user-agent", "").startswith("Mozilla/"):
                answer = Answer(403, b"User agent not allowed\n", dict(TEXT))
            else:
                answer = await self._perform(operation, request, *names)
            answer.headers[REQUEST_ID] = os.urandom(10).hex()
            return answer
        return Answer(404, b"404 page not found\n", dict(TEXT))


def _matched(pattern: tuple[str, ...], parts: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the names in *parts* that stand where *pattern* has ``{}``; None if it differs."""
    if len(pattern) != len(parts):
        return None
    pairs = list(zip(pattern, parts, strict=True))
    if not all(part if want == "{}" else part == want for want, part in pairs):
        return None
    return tuple(part for want, part in pairs if want == "{}")


def _clean(path: str) -> str:
    """Return *path* without empty, ``.`` and ``..`` parts; a slash at the end stays."""
    if not path.startswith("/"):
        return path
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean
