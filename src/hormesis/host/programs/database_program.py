"""What programs that talk to a database have in common: one line in, one report out.

Nothing here keeps anything: a program is run once, says what it did in one JSON line, and ends.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

EXIT_MISSING = 69
PATIENCE_S = 5.0
"""How long a server that is just starting is waited for."""


class Failed(Exception):
    """It was not done; the message says why in one line."""


class Untouched(Failed):
    """It was not done, and certainly nothing was changed, so that there is nothing to undo."""


def run(
    work: Callable[[dict[str, Any]], dict[str, Any]], driver: str, extra: str
) -> int:
    """Do *work* with the configuration on standard input and report; return the exit status.

    *driver* is the module that it takes, and *extra* what brings it.
    """
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 0
    try:
        __import__(driver)
    except ImportError:
        say(missing=f"{driver} is not installed; pip install 'hormesis[{extra}]'")
        return EXIT_MISSING
    try:
        say(**work(json.loads(line)))
    except Failed as error:
        say(error=str(error), untouched=isinstance(error, Untouched))
        return 1
    return 0


def say(**facts: Any) -> None:
    """Write the report."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
