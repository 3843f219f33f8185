"""Kind forms: which kind of a shelf a mapping of the file means, and that kind decoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import Frame
from hormesis.spec.node import Node, Problems, found
from hormesis.spec.translate import decode, keys_of, synonyms_of
from hormesis.words.catalogue import Catalogue
from hormesis.words.kind import Kind

K = TypeVar("K", bound=Kind)
F = TypeVar("F", bound=Frame)
M = TypeVar("M", bound=BaseModel)
_SHELVES = ("faults", "loads", "probes", "clients", "checks", "toxics", "reports")


@dataclass(frozen=True)
class Forms:
    """What every reader of a kind needs: the catalogue, the validation context, the collector."""

    catalogue: Catalogue
    context: Mapping[str, Any]
    problems: Problems

    def kind(self, shelf: str, named: Node, noun: str) -> type[Any] | None:
        """Return the kind of *shelf* that the text *named* names; add a problem when none is."""
        kinds = self.catalogue.shelf(shelf)
        name = named.value
        if not isinstance(name, str):
            self.problems.expected(named, f"the name of a {noun}")
            return None
        if name in kinds:
            return kinds[name]
        message = f"expected the name of a {noun}, found {found(name)}"
        elsewhere = [one for one in _SHELVES if name in self.catalogue.shelf(one)]
        hint = did_you_mean(name, kinds, noun=f"known {noun}s")
        if elsewhere and not hint.startswith("did you mean"):
            hint = f"there is a {elsewhere[0].removesuffix('s')} of that name; {hint}"
        self.problems.add(named, message, hint)
        return None

    def frame(self, model: type[F], node: Node, *, also_known: Sequence[str] = ()) -> F | None:
        """Decode the mapping *node* as the frame *model*."""
        if not isinstance(node.value, dict):
            self.problems.expected(node, "a mapping")
            return None
        return self._decode(model, dict(node.items()), node, also_known)

    def frame_from(self, model: type[F], fields: Mapping[str, Node], owner: Node) -> F | None:
        """Decode *fields*, which may come from several files, as the frame *model*."""
        return self._decode(model, fields, owner, ())

    def frame_of(self, model: type[F], node: Node) -> F | None:
        """Decode those keys of *node* that the frame *model* knows; the others are the kind's."""
        known = {*keys_of(model), *synonyms_of(model)}
        fields = {key: one for key, one in node.items() if key in known}
        return self._decode(model, fields, node, ())

    def parameters(
        self,
        kind: type[K],
        node: Node,
        taken: Sequence[str],
        *,
        bare: Node | None = None,
        also_known: Sequence[str] = (),
    ) -> K | None:
        """Decode the keys of *node* that are not *taken* as parameters of *kind*.

        *bare* is the value beside the kind's own name: a mapping of parameters when it is the
        only key, else what the kind's ``shorthand`` field gets.
        """
        fields = {key: one for key, one in node.items() if key not in taken}
        if bare is not None and bare.value is not None:
            if isinstance(bare.value, dict) and not fields:
                return self._decode(kind, dict(bare.items()), bare, also_known)
            if not self._fill_shorthand(kind, fields, bare):
                return None
        return self._decode(kind, fields, node, also_known)

    def _fill_shorthand(self, kind: type[Kind], fields: dict[str, Node], bare: Node) -> bool:
        if not kind.shorthand:
            message = f"expected the parameters of {kind.kind} beside its name"
            self.problems.add(bare, f"{message}, found {found(bare.value)}")
            return False
        by_field = {name: key for key, name in keys_of(kind).items()}
        key = by_field.get(kind.shorthand, kind.shorthand)
        if key in fields:
            message = f"expected {key} once, found it beside {kind.kind} and as a key"
            self.problems.add(fields[key], message, at_key=True)
            return False
        fields[key] = bare
        return True

    def _decode(
        self,
        model: type[M],
        fields: Mapping[str, Node],
        owner: Node,
        also_known: Sequence[str],
    ) -> M | None:
        return decode(
            model,
            fields,
            owner,
            self.problems,
            context=self.context,
            also_known=also_known,
        )


def known_keys(*models: type[BaseModel]) -> list[str]:
    """Return the keys of several models, other spellings too, in order, each once."""
    every = (key for model in models for key in (*keys_of(model), *synonyms_of(model)))
    return list(dict.fromkeys(every))
