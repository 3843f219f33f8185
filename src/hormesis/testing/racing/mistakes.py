"""Mistakes: which errors of an operation are the test's own, and not what the race is about."""

from __future__ import annotations

from hormesis.host.raised import is_bug
from hormesis.words.sqlstate import state_of
from hormesis.words.trouble import Trouble

_OF_SQL = "42"
"""The class of SQLSTATEs for statements that are wrong as they are written."""
_NO_MISTAKES = ("42501", "42P04", "42P06", "42P07", "42701", "42710", "42723")
"""But: no privilege; and what there already is, which is how the loser of a race is refused."""


def is_mistake(error: BaseException) -> bool:
    """Return whether *error* is the test's business: an assertion, a mistake, pytest's outcomes."""
    state = state_of(error)
    return (
        isinstance(error, AssertionError | Trouble)
        or not isinstance(error, Exception)
        or is_bug(error)
        or (state.startswith(_OF_SQL) and state not in _NO_MISTAKES)
    )
