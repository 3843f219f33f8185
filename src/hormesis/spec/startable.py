"""Startable: commands that a run will need are looked at before it breaks anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hormesis.spec.bindings import Bindings
from hormesis.spec.node import Node, Problems, found


def check_startable(
    node: Node,
    run: Sequence[str],
    bindings: Bindings,
    problems: Problems,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str = "",
) -> None:
    """Add a problem of *node* when the command *run* could not be started.

    What lies in a folder of the run itself is made by the run, so it need not be there yet.
    """
    own = [folder for folder in (bindings.run_dir, bindings.scratch) if folder]
    if not run or any(text.startswith(f"{one}/") for one in own for text in (run[0], cwd)):
        return
    if why := bindings.why_not_startable(run, env or {}, cwd):
        problems.add(node, f"expected a program that can be started, found {found(run[0])}: {why}")
