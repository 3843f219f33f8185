"""Which virtual user's code is running: what lets a metric be added to from anywhere in it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

CURRENT: ContextVar[Any] = ContextVar("hormesis_virtual_user")
"""The engine's user, or in a thread what stands for it there."""


def current_user() -> Any:
    """Return the user whose code is running.

    Raises:
        RuntimeError: no user's is: this is setup, teardown, or the top of a module.
    """
    try:
        return CURRENT.get()
    except LookupError:
        raise RuntimeError("expected to be called by a virtual user, in a task of its") from None
