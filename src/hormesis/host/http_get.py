"""Ask a URL once, over a connection of its own; what probes and readiness need."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.host.http_connection import HttpConnection
from hormesis.host.http_origin import Origin
from hormesis.host.http_trouble import HttpTrouble
from hormesis.host.http_wire import HttpResponse


class NoAnswer(Exception):
    """There is no answer; the text names why in a word and a sentence."""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer, and how long it took in milliseconds, connecting included."""

    answer: HttpResponse
    ms: float


async def http_get(
    url: str, *, headers: Mapping[str, str] | None = None, timeout_s: float = 2.0
) -> Got:
    """Return the answer to a GET of *url*, whatever its status.

    Raises:
        NoAnswer: nothing came in *timeout_s* seconds, or the connection or the request failed.
        ValueError: *url* is no http or https URL.
    """
    origin, target = Origin.and_target(url)
    connection = HttpConnection(origin, headers=headers)
    loop = asyncio.get_running_loop()
    started = loop.time()
    try:
        answer = await connection.request("GET", target, timeout_s=timeout_s)
    except HttpTrouble as trouble:
        raise NoAnswer(f"{trouble.word}: {trouble}") from trouble
    except ValueError as error:
        raise NoAnswer(f"bad-request: {error}") from error
    finally:
        await connection.close()
    return Got(answer, round((loop.time() - started) * 1000, 3))
