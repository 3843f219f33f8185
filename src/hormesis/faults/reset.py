"""Reset: a link's connections end with a TCP reset."""

from __future__ import annotations

from typing import Any

from hormesis.proxy.link_fault import LinkFault, figure
from hormesis.words.look import Reading
from hormesis.words.units import Seconds, text_of_seconds


class Reset(LinkFault):
    """Reset every connection of a link, live and new ones, *after* it met the fault."""

    after: Seconds = 0.0
    """How long a connection lives on; 0: not at all."""

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes."""
        return {"after": text_of_seconds(self.after)}

    def bite(self, now: Reading) -> str:
        """Return how many connections were reset."""
        hits = figure(now, "hits")
        return f"reset {hits:.0f} connections" if hits else ""
