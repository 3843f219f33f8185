"""Addresses as Go's ``net`` package reads them: ``:0``, service names, one address per host name.

Clients compare the resolved text of a listening address, and the texts of the errors.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from functools import cache

from hormesis.proxy.address import text_of

NOWHERE = "127.0.0.1:0"
"""An address that refuses every connect; stands in for upstreams that are no address."""
PORT_MAX = 65535


class AddressError(ValueError):
    """A text is not an address, or its host is not known; the text is Go's."""


async def resolved(text: str) -> str:
    """Return the numeric ``host:port`` that listening on *text* means; port 0 stays.

    Raises:
        AddressError: it is no address.
    """
    host, port = _split(text) if text else ("", 0)
    if host == "":
        return text_of(wildcard(), port)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return text_of(await _looked_up(host), port)
    return text_of(wildcard() if address.is_unspecified else str(address), port)


def dialled(text: str) -> str:
    """Return the ``host:port`` that connecting to *text* means, or one that refuses."""
    try:
        host, port = _split(text)
    except AddressError:
        return NOWHERE
    return text_of(host or "localhost", port)


@cache
def wildcard() -> str:
    """Return the host that stands for every address of this machine, IPv6 included if it can."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return "0.0.0.0"
    return "::"


def _split(text: str) -> tuple[str, int]:
    """Split like Go's ``SplitHostPort``, with its errors; a missing port number is 0."""
    host, colon, port = text.rpartition(":")
    if not colon or (text.startswith("[") and text.endswith("]")):
        raise AddressError(f"address {text}: missing port in address")
    if host.startswith("["):
        if not host.endswith("]"):
            raise AddressError(f"address {text}: missing ']' in address")
        host = host[1:-1]
    elif ":" in host:
        raise AddressError(f"address {text}: too many colons in address")
    return host, _port(port)


def _port(text: str) -> int:
    if not text:
        return 0
    if text.removeprefix("-").removeprefix("+").isdecimal() and text.isascii():
        if not 0 <= int(text) <= PORT_MAX:
            raise AddressError(f"address {text}: invalid port")
        return int(text)
    try:
        return socket.getservbyname(text, "tcp")
    except (OSError, UnicodeError) as trouble:
        raise AddressError(f"lookup tcp/{text}: unknown port") from trouble


async def _looked_up(host: str) -> str:
    """Return one address of *host*, an IPv4 one if it has any."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as trouble:
        raise AddressError(f"lookup {host}: no such host") from trouble
    families = [family for family, *_ in found]
    index = families.index(socket.AF_INET) if socket.AF_INET in families else 0
    return str(found[index][4][0])
