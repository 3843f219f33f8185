"""What a status means for its operation: ok, fail or info. Pure."""

from __future__ import annotations

from collections.abc import Collection

from hormesis.words.op import Ended

HARMLESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing: whatever came back, nothing happened."""

Expected = int | Collection[int] | None
"""A status, or several; None: any below 400."""


def outcome_of(
    method: str, status: int, expected: Expected = None, definite: Collection[int] = ()
) -> tuple[Ended, str]:
    """Return how an operation ended that was answered with *status*, and a short stable word.

    An expected status is ``ok``. Another one is ``fail`` when the server refused (4xx), when it is
    *definite*, and for methods that change nothing; what remains may have happened: ``info``.
    """
    if meets(status, expected):
        return Ended.OK, ""
    sure = 400 <= status < 500 or status in definite
    return (Ended.FAIL if sure else unexpected(method)), f"http-{status}"


def meets(status: int, expected: Expected) -> bool:
    """Return whether *status* is one that was *expected*."""
    if expected is None:
        return 100 <= status < 400
    return status == expected if isinstance(expected, int) else status in expected


def unexpected(method: str) -> Ended:
    """Return how an operation ended whose answer was not what it should be."""
    return Ended.FAIL if method in HARMLESS else Ended.INFO
