"""The kernel's token bucket, a queueing discipline."""

from __future__ import annotations

from hormesis.host.packets.trial import no_discipline

USE = "bandwidth of packets, where nfqueue is not there"
REMEDY = "a kernel with sch_htb and cls_u32, apt-get install iproute2, and root; or --isolated"


def missing() -> str:
    """Return why there is no token bucket; an empty text when there is."""
    return no_discipline("htb")
