"""Run one command to its end, and report how it ended.

Configuration: ``run`` (the program and its arguments), ``env`` (added to its environment), ``cwd``
and ``timeout_s``. Reports ``exit`` (minus the signal's number when one ended it), ``took_s``,
``output`` (the end of what it wrote to both streams) and ``late`` (whether it was killed because
its time was over). What it leaves running ends with the effect.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from typing import IO, Any

from hormesis.host.programs.database_program import say

OUTPUT_BYTES_MAX = 4096


def main() -> int:
    """Run the command that the line on standard input describes; return the exit status."""
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return 0  # Whoever started this is dead, and nothing is to be done any more.
    try:
        say(**work(json.loads(line)))
    except (OSError, ValueError) as error:
        say(error=str(error))
        return 1
    return 0


def work(config: dict[str, Any]) -> dict[str, Any]:
    """Run it and return what is reported.

    Raises:
        OSError, ValueError: it cannot be started.
    """
    # A file and no pipe: what it leaves in the background may keep a pipe open.
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            config["run"], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, **config["env"]}, cwd=config["cwd"], process_group=0,
        )  # fmt: skip
        late = False
        try:
            process.wait(config["timeout_s"])
        except subprocess.TimeoutExpired:
            late = True
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return {
            "exit": process.returncode,
            "took_s": round(time.monotonic() - began, 3),
            "output": _end_of(output),
            "late": late,
        }


def _end_of(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - OUTPUT_BYTES_MAX))
    return output.read(OUTPUT_BYTES_MAX).decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())
