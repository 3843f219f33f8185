"""Run one short command to its end, in a process group that can be killed as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OUTPUT_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its exit code (negative for a signal) and the start of its output."""

    exit: int
    stdout: str
    stderr: str


async def run_command(
    argv: Sequence[str], *, timeout_s: float, env: Mapping[str, str] | None = None
) -> Finished:
    """Run *argv* without a shell and without input.

    ``env`` is added to the present environment. Everything the command started in its own
    process group is killed when the time is over, and when the caller is cancelled.

    Raises:
        OSError: it cannot be started.
        TimeoutError: it did not end within ``timeout_s`` seconds.
    """
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **env} if env else None,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout_s):
            stdout, stderr = await asyncio.gather(_head(process.stdout), _head(process.stderr))
            await process.wait()
    except BaseException:
        _kill(process.pid)
        await process.wait()
        raise
    return Finished(process.returncode or 0, stdout, stderr)


async def _head(stream: asyncio.StreamReader | None) -> str:
    """Read to the end, but keep the beginning only."""
    kept = bytearray()
    while stream is not None and (piece := await stream.read(16 * 1024)):
        kept += piece[: OUTPUT_BYTES_MAX - len(kept)]
    return kept.decode("utf-8", "replace")


def _kill(group: int) -> None:
    # The group's number cannot have been given to others: its leader is not yet waited for.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
