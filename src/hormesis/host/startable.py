"""Startable: whether a command can be started at all, looked at before anything depends on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

_FIRST_LINE_MAX = 256
"""How many bytes of a script the kernel reads for its interpreter."""


def why_not_startable(run: Sequence[str], env: Mapping[str, str], cwd: str) -> str:
    """Return why the program of *run* could not be started by this user; empty when it could.

    It is looked for as it will be: by its path, seen from *cwd*, or on the PATH, which is that of
    *env* where it has one.
    """
    program = run[0]
    if "/" not in program:
        path = env.get("PATH", os.environ.get("PATH", os.defpath))
        found = shutil.which(program, path=path)
        return _interpreter_missing(Path(found)) if found else "no folder of the PATH has it"
    file = Path(cwd or os.getcwd(), program)
    if not file.exists():
        return "there is no such file"
    if not file.is_file():
        return "it is no file"
    if not os.access(file, os.X_OK):
        return "this user may not execute it"
    return _interpreter_missing(file)


def _interpreter_missing(script: Path) -> str:
    """Return that the interpreter which *script* names in its first line is not there."""
    try:
        with script.open("rb") as file:
            head = file.read(_FIRST_LINE_MAX)
    except OSError:
        return ""  # What may be executed need not be readable.
    if not head.startswith(b"#!"):
        return ""
    words = head[2:].split(b"\n", 1)[0].replace(b"\t", b" ").strip(b" ").split(b" ", 1)
    interpreter = os.fsdecode(words[0])
    if not interpreter.startswith("/") or Path(interpreter).exists():
        return ""
    return f"its first line names {interpreter!r}, which does not exist"
