"""Operations on files take longer."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hormesis.faults.parts.delay_felt import felt
from hormesis.faults.parts.file_fault import FileFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure
from hormesis.words.units import Seconds


class IoSlow(FileFault):
    """Let reads, writes and other operations on files take *delay* longer.

    On a volume of kind ``fuse`` a rule holds them up, whoever asks. In a running process ``strace``
    does; see ``io-error`` for which files and calls that means.
    """

    delay: Seconds = Field(gt=0)
    """How much longer each takes."""

    def harm(self) -> dict[str, Any]:
        """Return the delay."""
        return {"delay_s": self.delay}

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return the measured delay once it is about the asked one."""
        mean, hits = figure(now, "delay_ms_mean"), figure(now, "hits")
        if not hits or not felt(mean, self.delay):
            return ""
        return f"added {mean:.0f} ms to {hits:.0f} operations (asked {1000 * self.delay:g} ms)"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the mean delay, in milliseconds."""
        if not figure(now, "hits"):
            return None
        return Measure(1000 * self.delay, figure(now, "delay_ms_mean"), "ms")
