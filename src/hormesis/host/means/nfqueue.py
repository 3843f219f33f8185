"""Packets that wait in the kernel until a program decides about them."""

from __future__ import annotations

from hormesis.host.packets.trial import failed

USE = "latency, bandwidth, loss in bursts, duplicates, reordering and damage of packets"
REMEDY = "a kernel with NFT_QUEUE or NETFILTER_XT_TARGET_NFQUEUE, and root; or --isolated"


def missing() -> str:
    """Return why packets cannot be queued here; an empty text when they can."""
    return failed("queue")
