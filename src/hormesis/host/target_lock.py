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
) -> Iterator[None]:
    """Hold a lock for each of *addresses* (``host:port``) while inside.

    Raises:
        UsageTrouble: another run holds one, and *force* is false.
    """
    folder = state / "targets"
    with ExitStack() as stack:
        for address in sorted(set(addresses)):
            folder.mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256(address.encode()).hexdigest()[:16]
            file = stack.enter_context((folder / name).open("a+"))
            holder = _take(file, f"{run_id} (pid {os.getpid()}) on {address}\n")
            if holder and not force:
                raise UsageTrouble(
                    f"another run is testing {address}: {holder}",
                    hint="wait for it to end, or use --force to disturb both",
                )
        yield


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
