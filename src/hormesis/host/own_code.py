"""Own code: how another interpreter is told to run a piece of this toolkit.

The toolkit may not be installed where it runs; its folder goes last on the path, so that it shadows
nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

_SOURCE = str(Path(__file__).resolve().parents[2])
_REACHING_IT = f"import sys; sys.path.append({_SOURCE!r}); "

RUNNING_A_MODULE = (
    f"{_REACHING_IT}import runpy; "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
"""What ``python -c`` is given to run the module that its first argument names."""


def calling_main(module: str) -> str:
    """Return what ``python -c`` is given to call the function ``main`` of *module*."""
    return f"{_REACHING_IT}from {module} import main; main()"


def own_command(*arguments: str) -> list[str]:
    """Return the command line of ``hormesis`` with *arguments*, in this environment."""
    return [sys.executable, "-c", calling_main("hormesis.cli.main"), *arguments]
