"""Connect result: the word for how an attempt to connect over TCP failed."""

from __future__ import annotations

import errno

_WORDS = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.ECONNABORTED: "reset",
    errno.ETIMEDOUT: "timeout",
}


def failed_how(error: OSError) -> str:
    """Return refused, reset, timeout, or unreachable for everything else that keeps one out."""
    if isinstance(error, TimeoutError):
        return "timeout"
    return _WORDS.get(error.errno or 0, "unreachable")
