"""On fail: what is done at the end of a run that does not pass, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hormesis.spec.bindings import Bindings
from hormesis.spec.client_forms import read_client
from hormesis.spec.frames import CommandFrame, OnFailFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node
from hormesis.spec.startable import check_startable
from hormesis.spec.translate import keys_of
from hormesis.words.client import ClientKind
from hormesis.words.command import Command


def read_on_fail(
    elements: Iterable[tuple[Node, Forms]], bindings: Bindings
) -> Iterator[ClientKind | Command]:
    """Yield what the elements of ``on_fail`` are, without those that are not meant to be done."""
    for node, forms in elements:
        if _is_command(node, forms):
            command = _read_command(node, forms, bindings)
            if command is not None:
                yield command
            continue
        client = read_client(_without(node), forms, beside=(Command.kind,))
        frame = forms.frame_of(OnFailFrame, node) if isinstance(node.value, dict) else OnFailFrame()
        if client is not None and frame is not None and frame.meant:
            yield client


def _is_command(node: Node, forms: Forms) -> bool:
    keys = node.value if isinstance(node.value, dict) else {}
    return Command.kind in keys and not any(key in forms.catalogue.clients for key in keys)


def _read_command(node: Node, forms: Forms, bindings: Bindings) -> Command | None:
    """Return the command of *node*; None when it is not meant or a problem was added."""
    frame = forms.frame(CommandFrame, node)
    if frame is None or not frame.meant:
        return None
    if not frame.run or not frame.run[0]:
        forms.problems.expected(node.under(Command.kind), "a command, such as make abort")
        return None
    check_startable(node.under(Command.kind), frame.run, bindings, forms.problems, env=frame.env)
    return Command(tuple(frame.run), frame.env, frame.timeout)


def _without(node: Node) -> Node:
    """Return *node* without the keys that say when."""
    if not isinstance(node.value, dict):
        return node
    own = {key: one for key, one in node.value.items() if key not in keys_of(OnFailFrame)}
    return Node(node.document, own, node.steps)
