"""Seating: which living child a fault's slot stands for, for as long as the fault plays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

from hormesis.words.timeline import FaultAction


class Seats(Protocol):
    """What knows which children live: the custodian."""

    async def seat(self, slot: str, holder: str, draw: str, **chosen: Any) -> int | None:
        """Let *slot* stand for a child and return its pid; raises Denied when none lives."""
        ...

    async def leave_seat(self, slot: str, holder: str) -> None:
        """Give *slot* up."""
        ...


@asynccontextmanager
async def seated(seats: Seats, action: FaultAction) -> AsyncIterator[int | None]:
    """Hold the slot of *action* and yield its child's pid; None: the round's others took them all.

    Yields 0 for a target that is no slot.

    Raises:
        Denied: no child lives.
    """
    target, descent = action.target, action.target.descent
    if descent is None:
        yield 0
        return
    pid = await seats.seat(
        target.name,
        action.id,
        f"{action.track}/{action.round}",
        of=list(descent.of),
        matching=descent.matching,
        order=descent.order,
        number=descent.slot,
        share=action.share,
    )
    try:
        yield pid
    finally:
        await seats.leave_seat(target.name, action.id)
