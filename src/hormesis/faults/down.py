"""Down: a link refuses connections."""

from __future__ import annotations

from typing import Any

from hormesis.faults.parts.link_fault import LinkFault
from hormesis.words.look import Reading, figure


class Down(LinkFault):
    """Refuse new connections to a link and close live ones, as if the server had gone.

    An address refuses everybody or nobody: with a ``share`` or a ``first``, connections are
    accepted and those that are hit are closed at once.
    """

    def attributes(self) -> dict[str, Any]:
        """Return the toxic's attributes: it has none."""
        return {}

    def bite(self, now: Reading) -> str:
        """Return the refusal, which the proxy proves by knocking on its own address.

        Only where somebody had connected: a link that the system goes around cannot hurt it.
        """
        hits = figure(now, "hits")
        if self.share < 1 or self.first is not None:
            return f"closed {hits:.0f} connections" if hits else ""
        # The proxy's own knock is always refused: on a link that nobody uses it hurts nobody.
        if now.get("listening") is not False or not hits or not figure(now, "connections"):
            return ""
        return f"refused or closed {hits:.0f} connections, the last try included"

    def healed(self, before: Reading, now: Reading) -> str:
        """Return the proof that the link listens again."""
        if not super().healed(before, now) or not now.get("listening"):
            return ""
        return "the link listens again"
