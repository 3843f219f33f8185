"""The wire in use: the compiled one where it was built, unless HORMESIS_PURE=1 asks otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

__all__ = [
    "COMPILED", "Caller", "Connection", "Meter", "Reply", "Response", "UserMeter", "Wire",
]  # fmt: skip

COMPILED = False
if TYPE_CHECKING or os.environ.get("HORMESIS_PURE", "0") not in ("", "0"):
    from hormesis.wire.caller import Caller
    from hormesis.wire.connection import Connection
    from hormesis.wire.meter import Meter
    from hormesis.wire.poller import Wire
    from hormesis.wire.reply import Reply
    from hormesis.wire.response import Response
    from hormesis.wire.user_meter import UserMeter
else:
    try:
        from hormesis.wire.compiled import (
            Caller,
            Connection,
            Meter,
            Reply,
            Response,
            UserMeter,
            Wire,
        )

        COMPILED = True
    except ImportError:
        from hormesis.wire.caller import Caller
        from hormesis.wire.connection import Connection
        from hormesis.wire.meter import Meter
        from hormesis.wire.poller import Wire
        from hormesis.wire.reply import Reply
        from hormesis.wire.response import Response
        from hormesis.wire.user_meter import UserMeter
