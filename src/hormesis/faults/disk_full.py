"""A disk runs full."""

from __future__ import annotations

from typing import ClassVar

from hormesis.faults.parts.filling_fault import FillingFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure
from hormesis.words.units import Bytes

SLACK_BLOCKS = 64
"""How many blocks may stay free beyond what was asked: a file system keeps some for its own."""


class DiskFull(FillingFault):
    """Fill the file system that a folder lies on until only *left* is free.

    The filling is one file in that folder; removing it is the undo. A file system that is not a
    volume of the run keeps 1 GiB and 5 % free, whatever else uses it, unless you set *floor*. On a
    volume of kind ``fuse`` a rule refuses every write instead and the volume says that it is full.
    """

    what: ClassVar[str] = "bytes"
    refused: ClassVar[tuple[str, ...]] = ("write", "create", "mkdir")
    told_free: ClassVar[str] = "bytes_free"

    left: Bytes = 0
    """How much stays free for users other than root."""
    floor: Bytes | None = None
    """For a folder that is no volume of the run: what must stay free there; left out: the larger
    of 1 GiB and 5 % of its size."""

    def bounds(self) -> tuple[int, int | None]:
        """Return both, in bytes."""
        return self.left, self.floor

    def filled(self, now: Reading) -> str:
        """Return how much is left, and how a write of more ended."""
        free, was = figure(now, "free"), figure(now, "free_before")
        if "free" not in now or self._enough(now):
            return ""
        refused = now.get("wrote") == "ENOSPC"
        if not self.left and not refused:
            return ""
        tried = "; a write of more fails with ENOSPC" if refused else ""
        return f"{free:,.0f} of {was:,.0f} free bytes are left{tried}"

    def free_again(self, now: Reading) -> str:
        """Return how much is free once a write goes through or there is more than was left."""
        if now.get("wrote") != "ok" and not self._enough(now):
            return ""
        return f"{figure(now, 'free'):,.0f} bytes are free again"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return how many bytes are free."""
        return Measure(self.left, figure(now, "free"), "B free") if "free" in now else None

    def _enough(self, now: Reading) -> bool:
        return figure(now, "free") > self.left + SLACK_BLOCKS * figure(now, "block")
