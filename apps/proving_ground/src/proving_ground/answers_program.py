"""Ask once whether a program does its work: what a health check runs, whatever the image has."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from proving_ground.usage import UsageError

_ANSWERS, _SILENT = 0, 1
_REDIS_PORT = 6379


def run_answers(address: str, within_s: float) -> int:
    """Return 0 when what is at *address* answers in time; else say why not and return 1.

    Raises ``UsageError`` for an address that is of no known kind.
    """
    scheme = urlsplit(address).scheme
    ask = {"http": _http, "postgresql": _postgres, "redis": _redis}.get(scheme)
    if ask is None:
        kinds = "http://…, postgresql://… or redis://…"
        raise UsageError(f"an address {kinds} was expected, found {address!r}")
    trouble = " ".join(ask(address, within_s).split())
    if trouble:
        sys.stderr.write(f"proving_ground answers: {address}: {trouble}\n")
    return _SILENT if trouble else _ANSWERS


def _http(address: str, within_s: float) -> str:
    try:
        with urllib.request.urlopen(address, timeout=within_s):
            return ""
    except urllib.error.HTTPError as error:
        return f"{error.code} {error.read(200).decode(errors='replace')}"
    except OSError as error:
        return str(error)


def _postgres(address: str, within_s: float) -> str:
    import psycopg

    try:
        with psycopg.connect(address, connect_timeout=max(1, round(within_s))) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return str(error)
    return ""


def _redis(address: str, within_s: float) -> str:
    parts = urlsplit(address)
    try:
        with socket.create_connection(
            (parts.hostname or "", parts.port or _REDIS_PORT), timeout=within_s
        ) as connection:
            connection.sendall(b"PING\r\n")
            said = connection.recv(100)
    except OSError as error:
        return str(error)
    return "" if said.startswith(b"+PONG") else said.decode(errors="replace") or "closed"
