"""Namespaces of one's own without any privilege."""

from __future__ import annotations

from hormesis.host.attempt import refusal

USE = "packet faults without root, in a run with --isolated"
REMEDY = "sysctl kernel.unprivileged_userns_clone=1, or user.max_user_namespaces above 0"


def missing() -> str:
    """Return why there are none; an empty text when there are."""
    return refusal(["unshare", "--user", "--map-root-user", "--net", "true"])
