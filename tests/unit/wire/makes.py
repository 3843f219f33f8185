"""The two makes of the wire, so that every test holds for both."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from hormesis.wire import connection, meter, poller


@dataclass(frozen=True)
class Make:
    """One make: its classes."""

    name: str
    Wire: Any
    Connection: Any
    Meter: Any


PYTHON = Make("python", poller.Wire, connection.Connection, meter.Meter)
COMPILED: Make | None = None
with suppress(ImportError):
    from hormesis.wire import compiled

    COMPILED = Make("compiled", compiled.Wire, compiled.Connection, compiled.Meter)
NOT_BUILT = pytest.mark.skipif(
    COMPILED is None, reason="the compiled wire is not built here: pip install -e . with gcc"
)
MAKES = [
    pytest.param(PYTHON, id="python"),
    pytest.param(COMPILED, id="compiled", marks=NOT_BUILT),
]
BUILT = [make for make in (PYTHON, COMPILED) if make is not None]
