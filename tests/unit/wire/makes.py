"""The two makes of the wire, so that every test holds for both."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from hormesis.wire import caller, connection, meter, poller, reply, user_meter


@dataclass(frozen=True)
class Make:
    """One make: its classes."""

    name: str
    Wire: Any
    Connection: Any
    Meter: Any
    Caller: Any
    Reply: Any
    UserMeter: Any


PYTHON = Make(
    "python", poller.Wire, connection.Connection, meter.Meter,
    caller.Caller, reply.Reply, user_meter.UserMeter,
)  # fmt: skip
COMPILED: Make | None = None
with suppress(ImportError):
    from hormesis.wire import compiled

    COMPILED = Make(
        "compiled", compiled.Wire, compiled.Connection, compiled.Meter,
        compiled.Caller, compiled.Reply, compiled.UserMeter,
    )  # fmt: skip
NOT_BUILT = pytest.mark.skipif(
    COMPILED is None, reason="the compiled wire is not built here: pip install -e . with gcc"
)
MAKES = [
    pytest.param(PYTHON, id="python"),
    pytest.param(COMPILED, id="compiled", marks=NOT_BUILT),
]
BUILT = [make for make in (PYTHON, COMPILED) if make is not None]
