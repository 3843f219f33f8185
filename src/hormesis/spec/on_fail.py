"""On fail: what is done at the end of a run that does not pass, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hormesis.spec.client_forms import read_client
from hormesis.spec.frames import OnFailFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node
from hormesis.spec.translate import keys_of
from hormesis.words.client import ClientKind


def read_on_fail(elements: Iterable[tuple[Node, Forms]]) -> Iterator[ClientKind]:
    """Yield the clients of the elements of ``on_fail`` whose ``when`` does not say no."""
    for node, forms in elements:
        client = read_client(_without(node), forms)
        frame = forms.frame_of(OnFailFrame, node) if isinstance(node.value, dict) else OnFailFrame()
        if client is not None and frame is not None and frame.when.strip():
            yield client


def _without(node: Node) -> Node:
    """Return *node* without the keys that say when."""
    if not isinstance(node.value, dict):
        return node
    own = {key: one for key, one in node.value.items() if key not in keys_of(OnFailFrame)}
    return Node(node.document, own, node.steps)
