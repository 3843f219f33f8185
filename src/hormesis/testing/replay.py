"""Replay: the command line that runs one test again as it ran."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from hormesis.words.shown_address import MASK, shown_address

KEPT = ("postgres", "pool-size", "workers", "isolation", "transaction-isolation")
"""Options that change what a test does, when they were given on the command line."""
_PLAIN = re.compile(r"[\w.:/@*?=&%,+\[\] -]+")
"""What means nothing to a shell within double quotes."""


def replay_command(config: pytest.Config, nodeid: str, seed: int) -> str:
    """Return ``pytest FILE::TEST --chaos-seed=N`` with the options that matter; no password.

    An address with one is expected in the environment, and the shell says so when it is not there.
    """
    words = replay_words(config, nodeid, seed)
    given = str(config.getoption("--chaos-database") or "")
    if MASK not in (shown := shown_address(given)):
        return shlex.join(words)
    told = f"set it to {shown}" if _PLAIN.fullmatch(shown) else "set it to the address"
    line = shlex.join(one for one in words if not one.startswith("--chaos-database="))
    return f'HORMESIS_DATABASE="${{HORMESIS_DATABASE:?{told}}}" {line}'


def replay_words(config: pytest.Config, nodeid: str, seed: int) -> tuple[str, ...]:
    """Return the same, word by word, with ``***`` for a password."""
    words = ["pytest", _from_here(config, nodeid), f"--chaos-seed={seed}"]
    for name in KEPT:
        given = config.getoption(f"--chaos-{name}")
        if given is not None:
            words.append(f"--chaos-{name}={given}")
    database = config.getoption("--chaos-database")
    if database:
        words.append(f"--chaos-database={shown_address(str(database))}")
    hypothesis_seed = config.getoption("--hypothesis-seed", default=None)
    if hypothesis_seed is not None:
        words.append(f"--hypothesis-seed={hypothesis_seed}")
    return tuple(words)


def _from_here(config: pytest.Config, nodeid: str) -> str:
    file, sign, rest = nodeid.partition("::")
    path = os.path.relpath(config.rootpath / file, config.invocation_params.dir)
    return f"{Path(path).as_posix()}{sign}{rest}"
