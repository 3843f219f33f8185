"""Ready again: waits until a process that was restarted answers as it did at the start."""

from __future__ import annotations

from pathlib import Path

from hormesis.compose.by_hand_trouble import NotReady
from hormesis.engine.staging import is_ready, log_of
from hormesis.engine.waiting import Late, wait_until
from hormesis.words.clock import Clock
from hormesis.words.experiment import Service
from hormesis.words.units import seconds_from


async def ready_again(
    service: Service, run: Path, clock: Clock, within: str | float | None
) -> None:
    """Return once *service* is ready; *within* is a duration as in files, or in seconds.

    Raises:
        NotReady: it was not in time; left out, that is the time of its ``ready``.
    """
    ready = service.ready
    if ready is None:
        return
    within_s = seconds_from(within) if isinstance(within, str) else within
    log = log_of(run, service)
    try:
        await wait_until(
            lambda: is_ready(ready, log),
            what=f"service {service.name!r} is ready again",
            deadline=clock.now() + (ready.within_s if within_s is None else within_s),
            clock=clock,
            every_s=0.02,
        )
    except Late as late:
        where = ready.http or ready.tcp or ready.line
        raise NotReady(f"{late} ({where})", hint=f"see its log {log}") from None
