"""Time namespaces."""

from __future__ import annotations

from hormesis.host.attempt import refusal
from hormesis.host.time_namespace import entering

USE = "services whose monotonic clock is ahead"
REMEDY = "a kernel from 6.2 on with CONFIG_TIME_NS, and util-linux 2.36"
_ENTERED = (
    '[ "$(readlink /proc/self/ns/time)" = "$(readlink /proc/self/ns/time_for_children)" ]'
    " || { echo a program does not enter its time namespace by itself >&2; exit 1; }"
)


def missing() -> str:
    """Return why a program cannot be started in one; tried with a shell."""
    return refusal([*entering(1.0), "sh", "-c", _ENTERED])
