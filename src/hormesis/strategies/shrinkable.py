"""Choices made so that the shrinker can take out any part of what depends on itself.

A loop that asks before each part whether to go on cannot lose a part in the middle: the shrinker
deletes only few choices at once. It does delete a whole part where one number said beforehand how
many there are. And a choice that is made only where there is something to choose from shifts all
later ones as soon as that changes; so it is made always.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st

_PICKS = 60
"""A multiple of 2 to 6, so that of so many each is as likely."""


@cache
def sizes(fewest: int, most: int) -> st.SearchStrategy[int]:
    """Draw how many parts there will be; each of them is then drawn in one go."""
    return st.integers(fewest, max(fewest, most))


_PICK: st.SearchStrategy[Callable[[Sequence[Any]], Any]] = st.integers(0, _PICKS - 1).map(
    lambda number: lambda some: some[number % len(some)]
)


def picks() -> st.SearchStrategy[Callable[[Sequence[Any]], Any]]:
    """Draw a function that picks one of several things; it shrinks to the first.

    It is one choice whatever there will be to pick from.
    """
    return _PICK
