"""By-hand trouble: what a program that steers a run is told when it did not go as it must."""

from __future__ import annotations

from hormesis.engine.by_hand import RunEnded
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import Trouble

__all__ = ["EndedEarly", "NeverEntered", "NoBite", "NotDone", "NotReady", "NotUndone", "RunEnded"]


class NoBite(AssertionError):
    """A fault was there and was not seen to hurt, so whatever held meanwhile proves nothing."""


class EndedEarly(NoBite):
    """A fault was over before its block was, so whatever held after that proves nothing."""


class NeverEntered(AssertionError):
    """Something that lasts for a block was asked for and never begun, so it did nothing."""


class NotUndone(Trouble):
    """A fault could not be undone, or was not seen to be gone; nothing after it can be trusted."""

    code = ExitCode.LEFT_DIRTY


class NotDone(Trouble):
    """A fault could not be injected; what was begun of it is undone."""

    code = ExitCode.UNKNOWN


class NotReady(Trouble):
    """A process did not answer again in time."""

    code = ExitCode.UNKNOWN
