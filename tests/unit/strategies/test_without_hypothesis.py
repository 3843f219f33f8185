"""Without Hypothesis the strategies say in one sentence what to install."""

from __future__ import annotations

import subprocess
import sys

IMPORT = "import sys; sys.modules['hypothesis'] = None; import hormesis.strategies"


def test_what_is_missing_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=False
    )
    last = done.stderr.strip().splitlines()[-1]
    assert last == (
        "ImportError: hormesis.strategies needs hypothesis: pip install 'hormesis[pytest]'"
    )
    assert "During handling" not in done.stderr
