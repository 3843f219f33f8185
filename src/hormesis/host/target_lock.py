"""One run at a time on a system we did not start.

Two load tests on one target spoil each other's figures and look like failures of the system. Each
run holds a lock per address of such a system; the kernel drops it with the process.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from hormesis.words.trouble import UsageTrouble


@contextmanager
def hold_targets(
    addresses: Iterable[str], *, state: Path, run_id: str, force: bool = False
) -> Iterator[tuple[str, ...]]:
    """Hold a lock for each of *addresses* (``host:port``) while inside.

    Gives a sentence for each address that another run holds, which only *force* lets happen.

    Raises:
        UsageTrouble: another run holds one, and *force* is false; or *state* cannot be written.
    """
    folder = state / "targets"
    disturbed: list[str] = []
    with ExitStack() as stack:
        for address in sorted(set(addresses)):
            name = hashlib.sha256(address.encode()).hexdigest()[:16]
            file = stack.enter_context(_opened(folder / name))
            holder = _take(file, f"{run_id} (pid {os.getpid()}) on {address}\n")
            if not holder:
                continue
            told = f"another run is testing {address}: {holder}"
            if not force:
                raise UsageTrouble(told, hint="wait for it to end, or use --force to disturb both")
            disturbed.append(told)
        yield tuple(disturbed)


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+")
    except OSError as error:
        told = f"the state folder {path.parent.parent} cannot be written: {error.strerror}"
        raise UsageTrouble(
            told, hint="name one in HORMESIS_STATE in which this user may write"
        ) from None


def _take(file: IO[str], text: str) -> str:
    """Lock *file* and write *text*; return what stands there when someone else holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        return file.read().strip() or "an unknown run"
    file.truncate(0)
    file.write(text)
    file.flush()
    return ""
