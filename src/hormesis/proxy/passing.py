"""Passing: the shaper that changes nothing, which toxics extend."""

from __future__ import annotations

from collections.abc import Iterable

from hormesis.words.shaper import Finish, Send, Shaped


class Passing:
    """A shaper that passes everything on at once, in order."""

    def opened(self, now: float) -> Iterable[Shaped]:
        """React to the toxic meeting this connection: with nothing."""
        return ()

    def received(self, data: bytes, now: float) -> Iterable[Shaped]:
        """Pass *data* on at once."""
        return (Send(now, data),)

    def finished(self, now: float) -> Iterable[Shaped]:
        """Pass the end of stream on at once."""
        return (Finish(now),)

    def removed(self, now: float) -> Iterable[Shaped]:
        """Give nothing back: nothing is held."""
        return ()
