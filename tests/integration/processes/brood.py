"""A parent that keeps so many children alive, as prefork servers do. Run as a program.

``brood.py COUNT [NAME]``: each child's command line ends with ``child NAME NUMBER``. On SIGTERM it
takes its children with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

BROOD = [sys.executable, "-S", str(Path(__file__))]


class Brood:
    def __init__(self, count: int, name: str) -> None:
        self._name = name
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._bearing = self._told_to_end = False
        for number in range(count):
            self._bear(number)

    def _bear(self, number: int) -> None:
        command = [*BROOD, "child", self._name, str(number)]
        # A child that is there, but not in the list yet, would outlive its parent.
        self._bearing = True
        self._children[number] = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._bearing = False
        if self._told_to_end:
            self._end_all()

    def keep(self) -> None:
        """Replace whoever ends, for ever."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                signal.pause()
                continue
            for number, child in list(self._children.items()):
                if child.pid == pid:
                    child.returncode = status
                    self._bear(number)

    def end(self, number: int, frame: FrameType | None) -> None:
        self._told_to_end = True
        if not self._bearing:
            self._end_all()

    def _end_all(self) -> None:
        for child in self._children.values():
            os.kill(child.pid, signal.SIGKILL)
        os._exit(0)


def main() -> None:
    if sys.argv[1] == "child":
        signal.pause()
        return
    brood = Brood(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "common")
    signal.signal(signal.SIGTERM, brood.end)
    sys.stdout.write("up\n")
    sys.stdout.flush()
    brood.keep()


if __name__ == "__main__":
    main()
