"""Outliving: a fault that the test's own act has ended, such as a lock when the server crashed."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from hormesis.compose.by_hand_fault import Bite, FaultByHand
from hormesis.compose.by_hand_trouble import EndedEarly, NoBite


class Outliving:
    """A fault as a context manager; *ends* counts how often the test itself ended the server.

    What was seen to hurt, and was gone only because of that, has done what the test asked for.
    """

    def __init__(self, fault: FaultByHand, ends: Callable[[], int]) -> None:
        self._fault = fault
        self._ends = ends
        self._before = 0
        self._bite: Bite | None = None

    def __enter__(self) -> Bite:
        self._before = self._ends()
        self._bite = self._fault.__enter__()
        return self._bite

    def __exit__(
        self,
        sort: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._fault.__exit__(sort, error, trace)
        except EndedEarly:
            raise
        except NoBite:
            seen = self._bite is not None and self._bite.seen
            if not (seen and self._ends() > self._before):
                raise
