"""What follows from the address that a program listens on."""

from __future__ import annotations

import ipaddress

LOOPBACK = "127.0.0.1"


def only_here(host: str) -> bool:
    """Return whether nobody but this machine can reach a program that listens on *host*."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def reached_at(host: str) -> str:
    """Return the address at which a program on the same machine reaches what listens on *host*."""
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return LOOPBACK if everywhere else host
