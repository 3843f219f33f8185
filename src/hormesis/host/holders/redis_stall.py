"""Hold a Redis server up, again and again, each time for a while that it ends by itself.

Configuration: ``url``, ``how`` (``pause-all``, ``pause-write``: CLIENT PAUSE; ``sleep``: the server
itself does nothing, by DEBUG SLEEP, or by a busy script where that command is disabled),
``each_s`` (how long one stall lasts) and ``every_s`` (from the beginning of one to that of the
next; the next never begins before the last has ended). Another connection asks during each stall.
Reports ``stalls``, ``held_ms`` (the longest that the other connection waited), ``seen`` (how many
stalls it felt) and ``way``.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

from hormesis.host.holders.lifeline import Lifeline, report
from hormesis.host.holders.redis_session import Line, RedisRefused, serve

NAME = "hormesis-stall"
FELT = 0.8
"""The share of a stall that must be felt before it counts as seen."""
_BUSY = """
local function now() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
if redis.replicate_commands then redis.replicate_commands() end
local over = now() + tonumber(ARGV[1]) * 1000
while now() < over do end
return 1
"""
_NO_KEY = "hormesis:no-such-key"


@dataclass
class Stall:
    """The connection that stalls the server and the one that feels it."""

    config: dict[str, Any]
    stalls: int = 0
    seen: int = 0
    held_ms: float = 0.0
    way: str = ""

    def __post_init__(self) -> None:
        self._connect()

    def once(self) -> None:
        """Stall once, and wait until it is over.

        Raises:
            RedisRefused: the server refused, or is not there.
        """
        self._doing.send(*self._command())
        self.stalls += 1
        longest = 0.0
        while True:
            over = self._doing.answered()
            began = time.monotonic()
            self._feeling.ask(*self._question())
            longest = max(longest, 1000 * (time.monotonic() - began))
            if over:
                break
        reply = self._reply()
        if reply is not None:
            self.held_ms = max(self.held_ms, longest)
            self.seen += longest >= FELT * 1000 * self.config["each_s"]

    def reading(self) -> dict[str, Any]:
        """Return what is reported."""
        return {
            "stalls": self.stalls, "seen": self.seen, "held_ms": round(self.held_ms, 1),
            "way": self.way,
        }  # fmt: skip

    def again(self) -> None:
        """Connect anew, if that is possible."""
        try:
            self._connect()
        except RedisRefused:
            return

    def _connect(self) -> None:
        patience_s = self.config["each_s"] + 10
        self._doing = Line(self.config["url"], NAME, timeout_s=patience_s)
        self._feeling = Line(self.config["url"], NAME, timeout_s=patience_s)

    def _command(self) -> tuple[str | int, ...]:
        each_s, how = self.config["each_s"], self.config["how"]
        if how != "sleep":
            self.way = "CLIENT PAUSE"
            return ("CLIENT", "PAUSE", round(1000 * each_s), how.removeprefix("pause-").upper())
        if self.way != "script":
            self.way = "DEBUG SLEEP"
            return ("DEBUG", "SLEEP", f"{each_s:.3f}")
        return ("EVAL", _BUSY, 0, round(1000 * each_s))

    def _reply(self) -> object:
        """Return the reply to the stall; None when it was refused and another way is next."""
        try:
            return self._doing.receive()
        except RedisRefused:
            if self.way != "DEBUG SLEEP":
                raise
            self.way = "script"
            return None

    def _question(self) -> tuple[str, ...]:
        # A pause of writers is felt by writers alone; this one writes nothing.
        return ("DEL", _NO_KEY) if self.config["how"] == "pause-write" else ("PING",)


def hold(config: dict[str, Any], lifeline: Lifeline) -> None:
    """Stall again and again until the lifeline ends."""
    stall = Stall(config)
    report(ready=True)
    while True:
        began = time.monotonic()
        try:
            stall.once()
            report(**stall.reading())
        except RedisRefused as error:
            report(error=str(error), **stall.reading())
            lifeline.wait(0.1)
            stall.again()
        lifeline.wait(max(0.0, began + config["every_s"] - time.monotonic()))


if __name__ == "__main__":
    sys.exit(serve(hold))
