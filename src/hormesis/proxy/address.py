"""Addresses: ``host:port`` texts, with IPv6 hosts in brackets."""

from __future__ import annotations


def address_of(text: str) -> tuple[str, int]:
    """Split ``host:port`` into host and port.

    Raises:
        ValueError: the text is not an address.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise ValueError(f"expected an address such as 127.0.0.1:5432, found {text!r}")
    return host, int(port)


def text_of(host: str, port: int) -> str:
    """Write an address the way :func:`address_of` reads it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
