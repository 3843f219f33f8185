"""Driven: run a holder that needs the driver of a database, which may not be installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from hormesis.host.holders.lifeline import EXIT_MISSING, Lifeline, configuration, report


def run_driven(
    work: Callable[[dict[str, Any], Lifeline], None], driver: str, missing: str,
    refused: type[Exception],
) -> int:  # fmt: skip
    """Read the configuration and *work* until the lifeline ends; return an exit status.

    ``missing`` is what is told when the module *driver* is not there; *refused* is what the work
    raises when the server does not play along.
    """
    config = configuration()
    lifeline = Lifeline()
    try:
        importlib.import_module(driver)
    except ImportError:
        report(ready=False, missing=missing)
        return EXIT_MISSING
    try:
        work(config, lifeline)
    except refused as error:
        report(error=str(error))
        return 1
    return 0
