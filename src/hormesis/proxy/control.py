"""Control: the socket by which toxics come, go and are read. JSON lines, one reply each."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from hormesis.proxy.link import Dose, Link
from hormesis.proxy.shelf import toxic_of

LINE_MAX = 1 << 20
"""Bytes of the longest request."""

Request = Mapping[str, Any]
Reply = dict[str, Any]


class Control:
    """Answers requests about *links*, which come over a Unix socket only its owner may open."""

    def __init__(self, path: Path, links: Mapping[str, Link], toxics_package: str) -> None:
        self._path = path
        self._links = links
        self._package = toxics_package
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.StreamWriter] = set()
        # Requests of several clients are answered one after the other: each sees a settled link.
        self._turn = asyncio.Lock()
        self._ops: Mapping[str, Callable[[Request], Awaitable[Reply]]] = {
            "add": self._add,
            "remove": self._remove,
            "read": self._read,
            "links": self._list,
        }

    async def open(self) -> None:
        """Begin to answer.

        Raises:
            OSError: the socket cannot be made there.
        """
        if self._path.exists() and stat.S_ISSOCK(self._path.stat().st_mode):
            self._path.unlink()
        old = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._talk, self._path, limit=LINE_MAX)
        finally:
            os.umask(old)

    def close(self) -> None:
        """Answer no more and remove the socket."""
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        for writer in self._talks:
            writer.transport.abort()

    async def answer(self, line: bytes) -> Reply:
        """Return the reply to one request line; never raises."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("expected a JSON object")
            op = self._ops.get(str(request.get("op")))
            if op is None:
                known = ", ".join(self._ops)
                raise ValueError(f"expected one of the ops {known}, found {request.get('op')!r}")
            async with self._turn:
                return {"ok": True, **await op(request)}
        except json.JSONDecodeError as trouble:
            return {"ok": False, "error": f"the request is not JSON: {trouble}"}
        except (ValueError, OSError) as trouble:
            return {"ok": False, "error": str(trouble)}
        except Exception as trouble:  # noqa: BLE001  A third-party toxic may raise anything.
            return {"ok": False, "error": f"{type(trouble).__name__}: {trouble}"}

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(writer)
        try:
            while line := await reader.readline():
                reply = await self.answer(line)
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # The client left, or its line never ends; there is nobody to tell.
        finally:
            self._talks.discard(writer)
            writer.close()

    async def _add(self, request: Request) -> Reply:
        link = self._link(request)
        attributes = request.get("attributes", {})
        toxicity = request.get("toxicity", 1.0)
        if not isinstance(attributes, dict):
            raise ValueError("expected an object in `attributes`")
        if isinstance(toxicity, bool) or not isinstance(toxicity, int | float):
            raise ValueError("expected a number from 0 to 1 in `toxicity`")
        toxic = toxic_of(self._package, _text(request, "toxic"), request.get("stream"), attributes)
        dose = Dose(_text(request, "name"), toxic, float(toxicity))
        await link.add(dose)
        return {}

    async def _remove(self, request: Request) -> Reply:
        link = self._link(request)
        return {"existed": await link.remove(_text(request, "name"))}

    async def _read(self, request: Request) -> Reply:
        link = self._link(request)
        now = asyncio.get_running_loop().time()
        return {"reading": await link.reading(_text(request, "toxic"), now)}

    async def _list(self, request: Request) -> Reply:
        return {"links": [link.description() for link in self._links.values()]}

    def _link(self, request: Request) -> Link:
        name = _text(request, "link")
        if name not in self._links:
            known = ", ".join(self._links) or "none"
            raise ValueError(f"there is no link {name!r}; there are: {known}")
        return self._links[name]


def _text(request: Request, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a text in `{name}`")
    return value
