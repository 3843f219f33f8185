"""A one-shot program: makes a file or removes it, or puts it back as it was captured."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    """Do as configured; nothing without a configuration."""
    line = sys.stdin.readline()
    if not line:
        return
    config = json.loads(line)
    path = Path(config["path"])
    there = config.get("there")
    if "captured" in config and config["captured"] is not None:
        there = config["captured"]["there"]
    if there is None:
        pass  # Capturing changes nothing.
    elif there:
        path.write_text("here")
    else:
        path.unlink(missing_ok=True)
    sys.stdout.write(json.dumps({"there": path.exists()}) + "\n")


if __name__ == "__main__":
    main()
