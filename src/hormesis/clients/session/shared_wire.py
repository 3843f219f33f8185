"""One wire for all sessions of an event loop: it is made for the first, and closed by the last."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from hormesis.wire.core import Wire
from hormesis.words.clock import Clock


@dataclass(slots=True)
class _Shared:
    wire: Wire
    sessions: int = 0


_WIRES: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shared] = WeakKeyDictionary()


def take_wire(clock: Clock) -> Wire:
    """Return the running loop's wire, whose times are those of *clock*; give it back once."""
    loop = asyncio.get_running_loop()
    shared = _WIRES.get(loop)
    if shared is None:
        zero_ns = time.monotonic_ns() - clock.now_ns()
        shared = _WIRES[loop] = _Shared(Wire(loop, zero_ns=zero_ns))
    shared.sessions += 1
    return shared.wire


def give_wire_back() -> None:
    """Give back what :func:`take_wire` returned."""
    loop = asyncio.get_running_loop()
    shared = _WIRES.get(loop)
    if shared is None:
        return
    shared.sessions -= 1
    if not shared.sessions:
        del _WIRES[loop]
        shared.wire.close()
