"""Start a process behind a gate: it is known, durably, before its program runs.

Between "started" and "written down that it was started" a crash would lose a process for ever. So
the child first waits at a gate; its identity is written to the ledger; then the gate is opened. A
starter that dies in between takes the gate with it, and the child ends without having run.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hormesis.host.children import Children
from hormesis.host.process import Identity
from hormesis.host.verb_protocol import NothingDone

# `read` sees the gate's end of file when the starter dies; dash starts in about a millisecond.
_GATE = 'read -r go || exit 125; exec "$@" </dev/null'


@dataclass(slots=True)
class Gated:
    """A process that waits at its gate in a session of its own."""

    who: Identity
    _gate: int

    def open(self) -> None:
        """Let the program run."""
        # A broken pipe means that it was killed at the gate; whoever waits for it sees that.
        with suppress(BrokenPipeError):
            os.write(self._gate, b"go\n")
        os.close(self._gate)
        self._gate = -1

    def drop(self) -> None:
        """Close the gate, so that the process ends without having run; harmless when opened."""
        if self._gate >= 0:
            os.close(self._gate)
            self._gate = -1


def adopt_child(child: subprocess.Popen[bytes], children: Children) -> Identity:
    """Take a child out of ``subprocess``'s hands, which would otherwise reap it behind our back."""
    child.returncode = 0
    children.started(child.pid)
    who = Identity.of(child.pid)
    if who is None:
        raise NothingDone("the process ended before it could be identified")
    return who


def spawn_gated(
    children: Children, run: Sequence[str], *, env: Mapping[str, str], cwd: str, log: str
) -> Gated:
    """Start *run* behind a gate, in a session of its own, its output appended to the file *log*.

    Raises:
        NothingDone: it cannot be started at all, with the reason.
    """
    read_end, write_end = os.pipe()
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as output:
            child = subprocess.Popen(
                ["/bin/sh", "-c", _GATE, "sh", *run],
                stdin=read_end, stdout=output, stderr=output,
                env=dict(env), cwd=cwd or None, start_new_session=True,
                **children.popen(),
            )  # fmt: skip
        return Gated(adopt_child(child, children), write_end)
    except (OSError, NothingDone) as error:
        os.close(write_end)
        raise NothingDone(f"{run[0]} cannot be started: {error}") from error
    finally:
        os.close(read_end)


def size_of(path: str) -> int:
    """Return the size of a log in bytes; 0 when there is none."""
    with suppress(OSError):
        return os.stat(path).st_size
    return 0


def tail_of(path: str, lines: int = 5, since: int = 0) -> str:
    """Return the last lines of a log on one line, or an empty text when there is none.

    What stands before the byte *since* is left out.
    """
    try:
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since if size >= since else 0, size - 4096))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return " | ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())
