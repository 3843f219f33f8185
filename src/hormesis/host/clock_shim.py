"""Builds the library that gives a service a clock that can be set; see ``clock_shim.c``."""

from __future__ import annotations

import asyncio
import asyncio.subprocess
import os
from pathlib import Path
from uuid import uuid4

from hormesis.host import clock_file
from hormesis.words.trouble import CapabilityTrouble, Problem

_BUILD_S = 30.0
_NAME = "clock-shim.so"


async def build(folder: Path) -> Path:
    """Compile the library into *folder*, once, and return its path.

    Raises:
        CapabilityTrouble: there is no C compiler, or it refuses.
    """
    library, made, there = _place(folder)
    if there:
        return library
    source = Path(__file__).with_name("clock_shim.c")
    try:
        compiler = await asyncio.create_subprocess_exec(
            "cc", "-shared", "-fPIC", "-O2", "-o", str(made), str(source), "-ldl", "-pthread",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    except OSError as error:
        raise _refused(f"cc cannot be run: {error.strerror}") from error
    try:
        async with asyncio.timeout(_BUILD_S):
            _, said = await compiler.communicate()
    except TimeoutError:
        compiler.kill()
        await compiler.wait()
        raise _refused(f"cc took longer than {_BUILD_S:g} s") from None
    if compiler.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        raise _refused(lines[-1] if lines else f"cc ended with status {compiler.returncode}")
    # Services of other users must be able to load it, whatever the mask is.
    os.chmod(made, 0o755)
    # Whole at once, because several services may be started at the same time.
    made.replace(library)
    return library


def _place(folder: Path) -> tuple[Path, Path, bool]:
    """Return where the library lies, where it may be made, and whether it is there."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    library = folder / _NAME
    return library, folder / f"{_NAME}.{uuid4().hex}", library.exists()


def environment(library: Path, clock: str, env: dict[str, str], inherited: str) -> dict[str, str]:
    """Return *env* with what makes a service obey the clock file *clock*.

    ``inherited`` is what the service would preload anyway.
    """
    preload = ":".join(filter(None, [str(library), env.get("LD_PRELOAD", inherited)]))
    return {**env, "LD_PRELOAD": preload, clock_file.VARIABLE: clock}


def _refused(reason: str) -> CapabilityTrouble:
    return CapabilityTrouble(
        Problem(f"a clock that can be set takes a C compiler: {reason}", hint="install gcc")
    )
