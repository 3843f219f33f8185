"""Play the custodian's part towards a holder or a program: its input, its reports, its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hormesis

SOURCE = str(Path(hormesis.__file__).resolve().parents[1])


class Companion:
    def __init__(self, module: str, config: dict[str, Any]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": SOURCE},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(config).encode() + b"\n")
        self.process.stdin.flush()

    def report(self) -> dict[str, Any]:
        """Wait for the next line."""
        assert self.process.stdout is not None
        report: dict[str, Any] = json.loads(self.process.stdout.readline() or b"{}")
        return report

    def end(self) -> int:
        """Close the lifeline and return the exit status."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(5)
        self.process.stdout.close()
        return status

