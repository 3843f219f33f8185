"""Mounting file systems."""

from __future__ import annotations

from hormesis.host.attempt import refusal

USE = "volumes in memory, and file systems that turn read-only"
REMEDY = "run as root, or with --isolated"


def missing() -> str:
    """Return why nothing can be mounted, tried in a mount namespace of its own."""
    return refusal(["unshare", "--mount", "mount", "-t", "tmpfs", "hormesis", "/tmp"])
