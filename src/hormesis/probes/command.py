"""What a command prints."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from pydantic import Field

from hormesis.host.command import run_command
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.secrets import passwords_masked
from hormesis.words.units import Seconds

_RUN_SHOWN = 80
_LINE_SHOWN = 160


class Command(Probe):
    """Run a command, without a shell, and look at its output.

    Fields: ``value`` (the first line of its output), ``exit`` (its exit code, negative for a
    signal), ``stdout``, ``stderr`` and ``ms``. When it does not end in time, its whole process
    group is killed and there is a reason instead.
    """

    shorthand: ClassVar[str] = "run"
    needs_expect: ClassVar[bool] = True

    run: tuple[str, ...] = Field(min_length=1)
    """The command and its arguments."""
    env: dict[str, str] = Field(default_factory=dict)
    """Environment variables to add."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long it may take."""

    def describe(self) -> str:
        """Return the command; its environment may hold secrets and stays out."""
        return f"command({' '.join(self.run)})"

    def told_miss(self, miss: str, seen: Observation) -> str:
        """Return *miss* with the command, and the last thing that it complained of."""
        lines = str(seen.fields.get("stderr") or "").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        told = f"{miss}; the command `{_shown(' '.join(self.run), _RUN_SHOWN)}`"
        return f"{told} said: {_shown(last, _LINE_SHOWN)}" if last else f"{told} said nothing"

    async def observe(self, world: World) -> Observation:
        """Run it once."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            done = await run_command(self.run, timeout_s=self.timeout, env=self.env)
        except TimeoutError:
            return Observation(reason=f"timeout: {self.run[0]} did not end in time")
        except (OSError, ValueError) as error:
            return Observation(reason=f"cannot run {self.run[0]}: {error}")
        lines = done.stdout.splitlines()
        return Observation(
            {
                "value": lines[0] if lines else "",
                "exit": done.exit,
                "stdout": done.stdout,
                "stderr": done.stderr,
                "ms": round((loop.time() - started) * 1000, 3),
            }
        )


def _shown(text: str, length: int) -> str:
    """Return *text*, at most *length* letters, without the passwords in its addresses."""
    text = passwords_masked(text)
    return text if len(text) <= length else text[: length - 1] + "…"
