"""Options of the programs: each also has an environment variable, ``PROVING_GROUND_<OPTION>``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

from proving_ground.usage import UsageError

Command = tuple[
    str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace], int]
]
"""One program: its help, what adds its arguments, and what runs it."""
_ENVIRONMENT = "PROVING_GROUND_"


def from_environment(name: str, otherwise: str | None = None) -> str | None:
    """Return what the environment says of the option *name* (``PG_BIN``), or *otherwise*."""
    return os.environ.get(_ENVIRONMENT + name) or otherwise


def add_option(
    parser: argparse.ArgumentParser, option: str, otherwise: str | None, text: str
) -> None:
    """Add ``--option``; its environment variable goes before *otherwise*."""
    variable = option.upper().replace("-", "_")
    parser.add_argument(
        f"--{option}",
        default=from_environment(variable, otherwise),
        help=f"{text} ({_ENVIRONMENT}{variable})",
    )


def port_of(text: str) -> int:
    """Return the port number that *text* is; raises ``UsageError``."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise UsageError(f"a port from 1 to 65535 was expected, found {text!r}")
    return int(text)


def count_of(option: str, text: str, *, at_least: int = 0) -> int:
    """Return the whole number that the *option* was given; raises ``UsageError``."""
    if not text.isdigit() or int(text) < at_least:
        raise UsageError(
            f"--{option}: a whole number of at least {at_least} was expected, found {text!r}"
        )
    return int(text)


def required(value: str | None, option: str) -> str:
    """Return *value*; raises ``UsageError`` when it was not given."""
    if not value:
        variable = _ENVIRONMENT + option.upper().replace("-", "_")
        raise UsageError(f"--{option} (or {variable}) is needed")
    return value
