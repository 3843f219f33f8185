"""Noting: how what really happened to the system in a test is told to its session."""

from __future__ import annotations

from collections.abc import Callable

Note = Callable[[str, str], None]
"""Takes the word for what happened, such as the kind of the fault that bit, and the proof."""


def unnoted(word: str, proof: str) -> None:
    """Tell nobody: for what is used outside of a session of tests."""
