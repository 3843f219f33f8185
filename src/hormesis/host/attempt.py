"""Attempt: run a short command to find out whether this machine lets it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

PATIENCE_S = 2.0


def refusal(command: Sequence[str]) -> str:
    """Run *command* and return why it failed, in a clause; an empty text when it did not."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        return f"{command[0]} is not installed"
    except subprocess.TimeoutExpired:
        return f"{command[0]} hung"
    except OSError as error:
        return f"{command[0]} cannot be run: {error.strerror}"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]
    return said.strip()
