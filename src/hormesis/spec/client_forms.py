"""Client forms: ``path.py:Class``, or a mapping in which one key names the kind of client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.kind_forms import Forms, known_keys
from hormesis.spec.node import Node
from hormesis.words.client import ClientKind

_BARE = "python"


def read_client(
    node: Node, forms: Forms, *, beside: Sequence[str] = ()
) -> ClientKind | None:
    """Return the client that *node* describes; problems are added.

    *beside* are the keys that could stand there instead of a client's.
    """
    kinds = forms.catalogue.clients
    known = [*kinds, *beside]
    if isinstance(node.value, str) and _BARE in kinds:
        whole = Node(node.document, {}, node.steps)
        return forms.parameters(kinds[_BARE], whole, (), bare=node)
    if not isinstance(node.value, dict):
        forms.problems.expected(node, f"path.py:Class or a mapping with one of {_told(known)}")
        return None
    names = [key for key in node.value if key in kinds]
    if len(names) != 1:
        told = ", ".join(names or list(node.value)[:6]) or "nothing"
        hints = [did_you_mean(key, known) for key in node.value]
        near = [hint for hint in hints if hint.startswith("did you mean")]
        hint = near[0] if near and not names else ""
        message = f"expected exactly one key of {_told(known)}, found {told}"
        forms.problems.add(node, message, hint)
        return None
    kind: type[ClientKind] = kinds[names[0]]
    bare = node.under(names[0])
    return forms.parameters(kind, node, names, bare=bare, also_known=known_keys(kind))


def _told(names: Iterable[str]) -> str:
    return ", ".join(names)
