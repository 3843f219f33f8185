"""The kernel's packet filter, spoken to directly; the command ``nft`` is not needed."""

from __future__ import annotations

from hormesis.host.packets.trial import failed

USE = "partition, loss, refuse and reset of packets"
REMEDY = "a kernel with nf_tables, and root; or a run with --isolated"


def missing() -> str:
    """Return why packets cannot be filtered here; an empty text when they can."""
    return failed("filter")
