"""Operations on files fail."""

from __future__ import annotations

from typing import Any, Literal

from hormesis.faults.parts.file_fault import FileFault
from hormesis.words.fault import Measure
from hormesis.words.look import Reading, figure


class IoError(FileFault):
    """Let reads, writes and other operations on files fail with an error of your choice.

    On a volume of kind ``fuse`` a rule refuses them, whoever asks. In a running process ``strace``
    does, which is slower: every call on the way is traced. There a target with a ``path``, and
    ``files``, mean those files that are open when the fault begins; without either, ``read`` and
    ``write`` mean only the calls with a position (``pread``, ``pwrite``): the plain ones serve
    sockets too.
    """

    error: Literal["EIO", "ENOSPC", "EROFS", "EDQUOT", "EACCES", "ENOENT", "ENOMEM", "EMFILE"] = (
        "EIO"
    )
    """The error they fail with."""

    def harm(self) -> dict[str, Any]:
        """Return the error."""
        return {"errno": self.error}

    def hurts(self, before: Reading, now: Reading) -> str:
        """Return how many operations failed."""
        hits, seen = figure(now, "hits"), figure(now, "seen")
        return f"{hits:.0f} of {seen:.0f} operations failed with {self.error}" if hits else ""

    def measured(self, before: Reading, now: Reading) -> Measure | None:
        """Return the share of operations that failed, in percent."""
        seen = figure(now, "seen")
        return Measure(100 * self.share, 100 * figure(now, "hits") / seen, "%") if seen else None
