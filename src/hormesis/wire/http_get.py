"""Ask a URL once, over a connection of its own; what probes and readiness need."""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.host.http_header import block_of, merged
from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import HttpTrouble
from hormesis.wire.core import Response, Wire

_UNSAFE_TARGET = re.compile(r"[^\x21-\x7e]")


class NoAnswer(Exception):
    """There is no answer; the text names why in a word and a sentence."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, and how long it took in milliseconds, connecting included."""

    answer: Response
    ms: float


async def http_get(
    url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 2.0
) -> Got:
    """Return the answer to a GET of *url*, whatever its status.

    ``timeout_s`` bounds the whole, to a tenth of a second: names, TCP, TLS, the last byte.

    Raises:
        NoAnswer: nothing came in *timeout_s* seconds, or the connection or the request failed.
        ValueError: *url* is no http or https URL.
    """
    return await http_ask("GET", url, headers=headers, timeout_s=timeout_s)


async def http_ask(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    timeout_s: float = 2.0,
) -> Got:
    """Return the answer to a request of any *method* with *body*; else as :func:`http_get`."""
    origin, target = Origin.and_target(url)
    length = {"Content-Length": str(len(body))} if body or method != "GET" else {}
    try:
        request = _request(method, origin, target, {**(headers or {}), **length}) + body
    except ValueError as error:
        raise NoAnswer(f"bad-request: {error}") from error
    tls = ssl.create_default_context() if origin.secure else None
    wire = Wire(asyncio.get_running_loop(), zero_ns=time.monotonic_ns())
    try:
        connection = wire.connection()
        await connection.open(
            origin.host, origin.port, tls=tls, server_name=origin.host, timeout_s=timeout_s
        )
        left_ns = max(1, int(timeout_s * 1e9) - wire.now_ns())
        answer = await connection.exchange(request, left_ns)
    except HttpTrouble as trouble:
        raise NoAnswer(f"{trouble.word}: {trouble}") from trouble
    finally:
        wire.close()
    return Got(answer, round(answer.ended_ns / 1e6, 3))


def _request(method: str, origin: Origin, target: str, headers: Mapping[str, str]) -> bytes:
    if _UNSAFE_TARGET.search(target):
        raise ValueError(f"expected a target such as /api/jobs?limit=5, found {target!r}")
    standing = {"Host": origin.authority, "User-Agent": "hormesis", "Accept": "*/*"}
    lines = f"{method} {target} HTTP/1.1\r\n{block_of(merged(standing, headers))}\r\n"
    return lines.encode("latin-1")
