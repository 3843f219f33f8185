"""Replay: the command line that runs one test again as it ran."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

KEPT = ("postgres", "pool-size", "workers", "isolation", "transaction-isolation")
"""Options that change what a test does, when they were given on the command line."""


def replay_command(config: pytest.Config, nodeid: str, seed: int) -> str:
    """Return ``pytest FILE::TEST --chaos-seed=N`` with the options that matter; no password."""
    words = ["pytest", _from_here(config, nodeid), f"--chaos-seed={seed}"]
    for name in KEPT:
        given = config.getoption(f"--chaos-{name}")
        if given is not None:
            words.append(f"--chaos-{name}={given}")
    database = config.getoption("--chaos-database")
    if database:
        words.append(f"--chaos-database={_without_password(str(database))}")
    hypothesis_seed = config.getoption("--hypothesis-seed", default=None)
    if hypothesis_seed is not None:
        words.append(f"--hypothesis-seed={hypothesis_seed}")
    return shlex.join(words)


def _from_here(config: pytest.Config, nodeid: str) -> str:
    file, sign, rest = nodeid.partition("::")
    path = os.path.relpath(config.rootpath / file, config.invocation_params.dir)
    return f"{Path(path).as_posix()}{sign}{rest}"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)
