"""Successor: a shaper that goes on where another one of the same toxic stopped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from hormesis.words.shaper import Shaped, Shaper


@runtime_checkable
class Successor(Protocol):
    """A shaper that takes over from *former* when the attributes of its toxic change.

    A shaper that is no successor begins anew, and what the former one held is let go.
    """

    def succeeds(self, former: Shaper, held: Sequence[bytes], now: float) -> Iterable[Shaped]:
        """Go on where *former* stopped, with the bytes it *held* back, in order."""
        ...
