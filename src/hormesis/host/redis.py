"""Ask Redis one question, with a bound that holds whatever the network does."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hormesis.words.kind import Scalar
from hormesis.words.trouble import CapabilityTrouble, Problem

CLIENT_NAME = "hormesis-probe"
"""Our name in ``CLIENT LIST``; faults spare connections whose name begins ``hormesis``."""
_LAST_WORDS_S = 0.5
_REFUSED = f"Error {errno.ECONNREFUSED} "
_PAIRS = frozenset({"CONFIG GET", "XINFO STREAM"})
"""Commands whose pairs the older protocol tells as a list."""


class RedisTrouble(Exception):
    """There is no answer; the message says why in one line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: one value, or fields by name (``INFO``, ``HGETALL``), or items (a list or set)."""

    value: Scalar = None
    fields: Mapping[str, Scalar] | None = None
    items: tuple[Scalar, ...] | None = None


def redis_driver() -> Any:
    """Return the module ``redis.asyncio``.

    Raises:
        CapabilityTrouble: it is not installed.
    """
    try:
        import redis.asyncio as driver
    except ImportError as error:
        raise CapabilityTrouble(
            Problem("the Redis driver is not installed", hint="pip install 'hormesis[redis]'")
        ) from error
    return driver


async def ask(url: str, command: Sequence[str], *, timeout_s: float = 2.0) -> Answer:
    """Return the reply to *command*, over a new connection.

    ``timeout_s`` bounds connecting and asking together.

    Raises:
        RedisTrouble: no answer, with the reason.
        CapabilityTrouble: the driver is not installed.
    """
    driver = redis_driver()
    client = driver.Redis.from_url(
        url, decode_responses=True, client_name=CLIENT_NAME, single_connection_client=True,
        socket_connect_timeout=timeout_s, socket_timeout=timeout_s, retry=None,
    )  # fmt: skip
    try:
        async with asyncio.timeout(timeout_s):
            reply = await client.execute_command(*command)
        if isinstance(reply, list) and " ".join(command[:2]).upper() in _PAIRS:
            reply = dict(zip(reply[::2], reply[1::2], strict=True))
        return answer_of(reply)
    except (TimeoutError, driver.TimeoutError) as error:
        raise RedisTrouble("timeout: no answer in time") from error
    except (driver.RedisError, OSError, UnicodeDecodeError) as error:
        raise RedisTrouble(_told(error)) from error
    finally:
        await _hang_up(client)


def answer_of(reply: Any) -> Answer:
    """Return the *reply* of the driver as scalars; nested lists and mappings become texts."""
    if isinstance(reply, Mapping):
        return Answer(fields={str(name): _scalar(value) for name, value in reply.items()})
    if isinstance(reply, set | frozenset):
        return Answer(items=tuple(sorted((_scalar(one) for one in reply), key=str)))
    if isinstance(reply, list | tuple):
        return Answer(items=tuple(_scalar(one) for one in reply))
    return Answer(value=_scalar(reply))


async def _hang_up(client: Any) -> None:
    # What is cut off at its deadline must not wait for a server that says nothing.
    try:
        async with asyncio.timeout(_LAST_WORDS_S):
            await client.aclose()
    except (TimeoutError, OSError):
        return


def _told(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    # The driver hides the operating system's error, but for its number.
    return "connection refused" if text.startswith(_REFUSED) else text


def _scalar(value: Any) -> Scalar:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return str(value)
