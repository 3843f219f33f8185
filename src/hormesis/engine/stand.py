"""Stand: where one run takes place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hormesis.custodian.privilege import Starter


@dataclass(frozen=True)
class Stand:
    """Where a run takes place. ``scratch`` exists from its first effect to its last undo."""

    run_id: str
    directory: Path
    state: Path
    ledger: Path
    scratch: str
    starter: Starter | None = None
    """What starts custodians with rights that the engine lacks."""
    processes: int = 0
    """How many processes generate load; 0 leaves it to the loads."""
    cluster: str = ""
    """The address of the cluster whose machines generate load; empty: this one does."""

    @property
    def control(self) -> str:
        """The proxy's control socket; its path must be short, a Unix socket holds 107 bytes."""
        return f"{self.scratch}/proxy.sock"
