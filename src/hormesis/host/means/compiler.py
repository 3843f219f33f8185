"""A C compiler."""

from __future__ import annotations

import tempfile

from hormesis.host.attempt import refusal

USE = "clocks that can be set, for services that are started with one"
REMEDY = "apt-get install gcc libc6-dev"


def missing() -> str:
    """Return why no library can be built; tried with an empty one."""
    with tempfile.TemporaryDirectory(prefix="hormesis-") as folder:
        out = f"{folder}/empty.so"
        command = ["cc", "-shared", "-fPIC", "-include", "time.h", "-x", "c", "/dev/null"]
        return refusal([*command, "-o", out])
