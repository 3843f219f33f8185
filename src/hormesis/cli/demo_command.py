"""``hormesis demo``: suite `jobs`, scaled, on the proving ground."""

from __future__ import annotations

from pathlib import Path

from hormesis.cli.run_command import run_command
from hormesis.cli.run_options import RunOptions
from hormesis.compose.registry import systems
from hormesis.words.trouble import CapabilityTrouble


def demo_command(*, time_scale: float, out: Path, quiet: bool) -> int:
    """Run the demonstration and return the suite's exit code."""
    if "proving-ground" not in systems():
        raise CapabilityTrouble(
            "the demo needs the proving ground", hint="pip install 'hormesis[demo]'"
        )
    # A scaled run does not watch for 30 s after a fault. What is bad for as long as it does watch
    # has to fail, so the demo allows less.
    recovery = ("recovery=8s",) if time_scale < 1 else ()
    options = RunOptions(
        variables=recovery,
        time_scale=time_scale,
        out=out,
        quiet=quiet,
        extra=("--save-results",),
    )
    return run_command("jobs", options)
