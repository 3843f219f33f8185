"""Run one of the proving ground's programs: ``python -m proving_ground CMD``."""

from __future__ import annotations

import gc
import sys

from proving_ground.cli import main

# httpx leaves its own command line out when it cannot be imported: a seventh of a worker's start.
sys.modules["httpx._main"] = None  # type: ignore[assignment]

try:
    sys.exit(main())
finally:
    # What it leaves goes with it: searching that for cycles would be most of its way out.
    gc.freeze()
