"""Listeners: functions of a script that are told of every request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Listener = Callable[[str, str, float, int, Any, str], Any]
Given = TypeVar("Given", bound=Listener)

LISTENERS: list[Listener] = []
"""Called with the operation's name, its kind (``GET``, ``sql``), milliseconds from the send to the
end, the bytes of the answer, the answer (or None) and the error (empty when it ended well)."""


def on_request(listener: Given) -> Given:
    """Have *listener* called after every request of every user of this process; a decorator.

    It runs in the event loop, must not block, and costs every request what it costs.
    """
    LISTENERS.append(listener)
    return listener


def tell(name: str, kind: str, took_ns: int, length: int, answer: Any, error: str) -> None:
    """Tell the listeners of one request."""
    for listener in LISTENERS:
        listener(name, kind, took_ns / 1e6, length, answer, error)
