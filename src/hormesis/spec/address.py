"""Address: ``host:port`` and the URLs and connection strings that hold one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

DEFAULT_PORTS = {
    "http": 80, "https": 443, "postgresql": 5432, "postgres": 5432, "redis": 6379, "rediss": 6379,
}  # fmt: skip
_BARE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):([0-9]{1,5})")
_WORD = re.compile(r"(\w+)\s*=\s*('[^']*'|\S*)")
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]", "0.0.0.0"})
EXPECTED = "host:port or a URL with a host, such as 127.0.0.1:5432 or http://127.0.0.1:8080"


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port; an IPv6 host keeps its brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Return whether it is on this machine's loopback."""
        return self.host.lower() in _LOCAL

    @property
    def usual(self) -> str:
        """Return it with every name of the loopback written as ``127.0.0.1``."""
        return f"127.0.0.1:{self.port}" if self.is_local else str(self)


def bare_address(text: str) -> Address:
    """Parse ``host:port``.

    Raises:
        ValueError: it is not one; the message is what to say after "expected".
    """
    match = _BARE.fullmatch(text)
    if match is None or not 0 < int(match[2]) < 65536 or not _may_be_looked_up(match[1]):
        raise ValueError("host:port, such as 127.0.0.1:5432")
    return Address(match[1], int(match[2]))


def _may_be_looked_up(host: str) -> bool:
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def address_in(text: str) -> Address:
    """Return the address in ``host:port``, in a URL, or in ``host=… port=…``.

    Raises:
        ValueError: there is none; the message is what to say after "expected".
    """
    if "://" in text or _keywords(text):
        return url_address(text, tuple(DEFAULT_PORTS))
    try:
        return bare_address(text)
    except ValueError:
        raise ValueError(EXPECTED) from None


def url_address(text: str, schemes: Sequence[str]) -> Address:
    """Return the address in a URL of one of *schemes*; PostgreSQL's ``host=…`` form counts too.

    Raises:
        ValueError: there is none; the message is what to say after "expected".
    """
    words = _keywords(text)
    if words and "postgresql" in schemes:
        return bare_address(f"{words['host']}:{words.get('port', 5432)}")
    expected = f"a URL such as {schemes[0]}://127.0.0.1:{DEFAULT_PORTS[schemes[0]]}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(expected) from None
    if parts.scheme not in schemes or not host or port == 0:
        raise ValueError(expected)
    shown = f"[{host}]" if ":" in host else host
    try:
        return bare_address(f"{shown}:{port or DEFAULT_PORTS[parts.scheme]}")
    except ValueError:
        raise ValueError(expected) from None


def _keywords(text: str) -> dict[str, str]:
    words = dict(_WORD.findall(text)) if "://" not in text else {}
    return words if "host" in words else {}


def redirected(text: str, to: Address) -> str:
    """Return the URL or address *text* with its host and port replaced, all else kept."""
    if words := _keywords(text):
        moved = {**words, "host": to.host, "port": str(to.port)}
        return " ".join(f"{name}={value}" for name, value in moved.items())
    if "://" not in text:
        return str(to)
    parts = urlsplit(text)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}{to}"))
