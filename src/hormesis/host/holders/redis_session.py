"""A holder's connections to Redis: named, so that faults spare them, and bounded in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hormesis.host.holders.driven import run_driven
from hormesis.host.holders.lifeline import Lifeline

MISSING = "the Redis driver is not installed; pip install 'hormesis[redis]'"
CONNECT_S = 3.0
_CODES = {"OutOfMemoryError": "OOM", "ReadOnlyError": "READONLY"}
"""What the server's refusal began with, where the driver has made a class of it instead."""


class RedisRefused(Exception):
    """The server refused, or is not there; the message is its own first line."""


class Line:
    """One connection; ``timeout_s`` bounds each reply."""

    def __init__(self, url: str, name: str, *, timeout_s: float = 30.0) -> None:
        """Connect.

        Raises:
            RedisRefused: no connection, with the reason.
        """
        import redis

        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        try:
            # A client of a single connection connects when it is made.
            self._client: Any = redis.Redis.from_url(
                url, client_name=name, single_connection_client=True, decode_responses=False,
                socket_connect_timeout=CONNECT_S, socket_timeout=timeout_s, retry=None,
            )  # fmt: skip
        except self._errors as error:
            raise RedisRefused(told(error)) from error
        self.ask("PING")

    def ask(self, *command: str | int | bytes) -> Any:
        """Return the reply, as the driver gives it.

        Raises:
            RedisRefused: with the reason.
        """
        try:
            return self._client.execute_command(*command)
        except self._errors as error:
            raise RedisRefused(told(error)) from error

    def setting(self, name: str) -> str | None:
        """Return the text of a setting, or None where the server has none of that name.

        Raises:
            RedisRefused: with the reason.
        """
        reply = self.ask("CONFIG", "GET", name)
        if isinstance(reply, list):
            # The older protocol tells pairs as a list, and the newer one as a mapping.
            reply = dict(zip(reply[::2], reply[1::2], strict=True))
        return {_text(key): _text(value) for key, value in reply.items()}.get(name)

    def clients(self, sort: str) -> list[dict[str, str]]:
        """Return the fields of each connection of one sort, as ``CLIENT LIST`` tells them.

        Raises:
            RedisRefused: with the reason.
        """
        lines = _text(self.ask("CLIENT", "LIST", "TYPE", sort)).splitlines()
        return [
            dict(one.split("=", 1) for one in line.split() if "=" in one) for line in lines if line
        ]

    def send(self, *command: str | int) -> None:
        """Send without waiting for the reply; :meth:`receive` takes it.

        Raises:
            RedisRefused: the connection is gone.
        """
        try:
            self._client.connection.send_command(*command)
        except self._errors as error:
            raise RedisRefused(told(error)) from error

    def answered(self) -> bool:
        """Return whether a reply to what was sent has come.

        Raises:
            RedisRefused: the connection is gone.
        """
        try:
            return bool(self._client.connection.can_read(timeout=0))
        except self._errors as error:
            raise RedisRefused(told(error)) from error

    def receive(self) -> Any:
        """Wait for the reply to what was sent.

        Raises:
            RedisRefused: with the reason.
        """
        try:
            return self._client.connection.read_response()
        except self._errors as error:
            raise RedisRefused(told(error)) from error

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _text(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def told(error: Exception) -> str:
    """Return the first line of an error of the driver."""
    text = str(error).strip().partition("\n")[0] or type(error).__name__
    code = _CODES.get(type(error).__name__)
    return f"{code} {text}" if code else text


def serve(work: Callable[[dict[str, Any], Lifeline], None]) -> int:
    """Read the configuration and *work* until the lifeline ends; return an exit status."""
    return run_driven(work, "redis", MISSING, RedisRefused)
