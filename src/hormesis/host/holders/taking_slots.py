"""Taking slots: keep a server full, also when it was stopped meanwhile or ended our connections."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from hormesis.host.holders.lifeline import Lifeline, report


class Crowd(Protocol):
    """Connections that take a server's slots."""

    def fill(self) -> dict[str, Any]:
        """Take what is free; return the figures of a report."""
        ...

    def leave(self) -> None:
        """Hang up everywhere."""
        ...


def keep_full(
    crowd: Crowd, anew: Callable[[], Crowd], refused: type[Exception], lifeline: Lifeline,
    every_s: float,
) -> None:  # fmt: skip
    """Fill, report ready, and fill again every *every_s* seconds until the lifeline ends.

    When the server does not answer any more, which raises *refused*, another crowd is made.
    """
    report(ready=True, **crowd.fill())
    while True:
        lifeline.wait(every_s)
        try:
            report(**crowd.fill())
        except refused as error:
            report(held=0, free=-1, error=str(error))
            crowd.leave()
            with suppress(refused):
                crowd = anew()
