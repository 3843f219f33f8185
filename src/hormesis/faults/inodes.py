"""A disk takes no more files."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from hormesis.faults.parts.filling_fault import FillingFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure


class Inodes(FillingFault):
    """Use up the inodes of the file system that a folder lies on until only *left* are free.

    New files fail with ENOSPC although there is space, and files that are there can grow. They are
    used up by empty files in one folder, whose removal is the undo; a volume with few ``inodes``
    makes that quick. On a volume of kind ``fuse`` a rule refuses new files instead.
    """

    what: ClassVar[str] = "files"
    refused: ClassVar[tuple[str, ...]] = ("create", "mkdir")
    told_free: ClassVar[str] = "files_free"

    left: int = Field(default=0, ge=0)
    """How many stay free."""
    floor: int | None = Field(default=None, ge=0)
    """For a folder that is no volume of the run: how many must stay free there; left out: the
    larger of 10,000 and 5 %."""

    def bounds(self) -> tuple[int, int | None]:
        """Return both, in files."""
        return self.left, self.floor

    def filled(self, now: Reading) -> str:
        """Return how many are left, and how the making of another one ended."""
        free, was = figure(now, "files_free"), figure(now, "files_free_before")
        if "files_free" not in now or free > self.left or now.get("made") not in ("ENOSPC", ""):
            return ""
        tried = "; a new one fails with ENOSPC" if now.get("made") else ""
        return f"{free:,.0f} of {was:,.0f} free inodes are left{tried}"

    def free_again(self, now: Reading) -> str:
        """Return how many are free once a file can be made or there are more than were left."""
        free = figure(now, "files_free")
        if now.get("made") != "ok" and free <= self.left:
            return ""
        return f"{free:,.0f} inodes are free again"

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return how many inodes are free."""
        if "files_free" not in now:
            return None
        return Measure(self.left, figure(now, "files_free"), "inodes free")
