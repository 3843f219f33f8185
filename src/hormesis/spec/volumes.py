"""Volumes: folders that the run mounts for its system, so that faults can fill or break them."""

from __future__ import annotations

from hormesis.spec.frames import VolumeFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, mapping, named
from hormesis.spec.substitution import substituted
from hormesis.spec.variables import Variables
from hormesis.words.experiment import PROXY, SCRATCH, Volume

SIZE_MAX = 1 << 40
"""How many bytes a volume may hold at most; more is a slip of the unit."""


def read_volumes(node: Node | None, variables: Variables, forms: Forms) -> tuple[Volume, ...]:
    """Return the volumes of the ``volumes`` section *node*."""
    problems = forms.problems
    if node is None or not mapping(node, problems):
        return ()
    volumes: list[Volume] = []
    for name, raw in node.items():
        named(raw, problems, PROXY, SCRATCH)
        one = substituted(raw, variables)
        frame = forms.frame(VolumeFrame, one)
        if frame is None:
            continue
        if frame.kind == "loop" and not frame.size:
            problems.add(one, "expected the key size, because a loop volume is made of a file")
        if frame.size > SIZE_MAX:
            hint = "how much is to be written there?"
            problems.expected(one.under("size"), "at most 1 TiB", hint)
        volumes.append(
            Volume(name, frame.kind, variables.volumes[name], frame.size, frame.inodes)
        )
    return tuple(volumes)
