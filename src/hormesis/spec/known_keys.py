"""Known keys: each key that nobody knows is told once, and read as the one that it must mean.

So what stands under a misspelt key is checked, and what refers to it is not told as wrong, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.spec.did_you_mean import did_you_mean, nearest
from hormesis.spec.document import renamed
from hormesis.spec.node import Node, Problems


def with_known_keys(
    node: Node, known: Sequence[str], problems: Problems, *, elsewhere: Sequence[str] = ()
) -> Node:
    """Tell keys that are not *known*; return the mapping *node* with those that they must mean.

    Hints name keys that are known *elsewhere*, too.
    """
    meant: dict[str, str] = {}
    for key, unknown in node.items():
        if key not in known:
            hint = did_you_mean(key, [*elsewhere, *known], noun="known keys")
            problems.add(unknown, f"expected a known key, found {key}", hint, at_key=True)
            name = nearest(key, known)
            if name and not node.has(name) and name not in meant.values():
                meant[key] = name
    names = {key: key for key in node.value if key in known} | meant
    value = {names[key]: one for key, one in node.value.items() if key in names}
    document = renamed(node.document, node.steps, meant) if meant else node.document
    return Node(document, value, node.steps)
