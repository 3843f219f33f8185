"""The kernel's network emulator, a queueing discipline."""

from __future__ import annotations

from hormesis.host.packets.trial import no_discipline

USE = "latency, loss, duplicates, reordering and damage, where nfqueue is not there"
REMEDY = "a kernel with sch_netem and sch_htb, apt-get install iproute2, and root; or --isolated"


def missing() -> str:
    """Return why there is no network emulator; an empty text when there is."""
    return no_discipline("netem") or no_discipline("htb")
