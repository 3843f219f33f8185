"""Servers for the tests of the door's PostgreSQL part, as sessions of tests have them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hormesis.testing.options import Options

VERSION = os.environ.get("HORMESIS_TEST_POSTGRES", "")
"""The version that these tests use, left out: the first that is found."""


def options(root: Path, **given: Any) -> Options:
    """Return the options of a session, all defaults but *given*."""
    usual: dict[str, Any] = {
        "database": "", "postgres": VERSION, "pool_size": 5, "workers": 10, "isolation": "schema",
        "transaction_isolation": "", "seed": 1, "run_dir": root, "allow_unknown": False,
        "recover": False, "report": None, "last": 10, "template": "", "rootdir": root,
    }  # fmt: skip
    return Options(**{**usual, **given})
