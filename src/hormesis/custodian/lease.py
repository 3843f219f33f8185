"""The lease: an engine that says nothing for too long is taken for dead.

The custodian must not take its own sleep for the engine's. When it finds that it was itself held
up (a machine under pressure, a suspended host), it grants one more lease before it judges.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Lease:
    """A lease of ``length_s``; all moments are seconds of CLOCK_MONOTONIC."""

    length_s: float
    until: float

    def renew(self, now: float) -> None:
        """The engine spoke."""
        self.until = now + self.length_s

    def excuse(self, now: float, meant: float) -> None:
        """The custodian, which meant to look at *meant*, looks only *now*."""
        if now - meant > self.length_s / 2:
            self.until = max(self.until, now + self.length_s)

    def over(self, now: float) -> bool:
        """Return whether the engine is to be taken for dead."""
        return now >= self.until
