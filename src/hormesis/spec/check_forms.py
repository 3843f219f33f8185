"""Check forms: which kind of check a mapping means, and whether what it refers to exists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import CheckFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, found
from hormesis.spec.translate import keys_of
from hormesis.words.check import Check
from hormesis.words.secrets import passwords_masked

_WINDOW = {"during": "fault", "after": "fault", "before": "fault", "outside": "fault"}
_EDGES = ("start", "end")
_BESIDE = tuple(keys_of(CheckFrame))


@dataclass(frozen=True)
class Names:
    """What checks may refer to.

    ``loads`` has the names of each load's operations; None where only its users know them, so that
    all that can be said is that there is somebody to perform one.
    """

    faults: Collection[str]
    probes: Collection[str]
    loads: Mapping[str, Collection[str] | None]
    services: Collection[str]
    any_fault: bool = False
    """Faults come from a program, so what they will be called is not known."""
    left_out: Collection[str] = ()
    """The probes that nobody looks at."""
    load_tags: Collection[str] = ()
    """What loads are called besides, by a tag of theirs."""

    def problem(self, noun: str, name: str) -> tuple[str, Collection[str] | None] | None:
        """Return (what was expected, the known names if any matter) when *name* is no *noun*."""
        if noun in ("fault", "fault-or-edge"):
            edges = _EDGES if noun == "fault-or-edge" else ()
            known = name in ("*", *self.faults, *edges) or self.any_fault
            return None if known else ("the name of a fault track", [*self.faults, *edges])
        if noun == "service":
            matches = any(fnmatchcase(one, name) for one in self.services)
            return None if matches else ("the name or pattern of a service", self.services)
        if noun in ("probe", "probe-or-op") and name in self.left_out:
            return "a probe that its `unless` does not leave out", None
        if noun == "probe":
            return None if name in self.probes else ("the name of a probe", self.probes)
        if noun == "load":
            return None if name in self.loads else ("the name of a load track", self.loads)
        if noun in ("op", "probe-or-op"):
            load, dot, _ = name.rpartition(".")
            if dot and load not in self.loads and name not in self.probes:
                return "the name of a load before the dot", self.loads
            if not self.loads and (noun == "op" or name not in self.probes):
                wanted = "an operation of a load, and there is no load"
                return wanted, self.probes if noun == "probe-or-op" else None
            if noun == "op" or name not in self.probes:
                told = self.operation_problem(load if dot else "", name.removeprefix(f"{load}."))
                if told is None:
                    return None
                probes = [*self.probes] if noun == "probe-or-op" else []
                beside = "a probe or of " if probes else ""
                ops = [f"{load}.{op}" if dot else op for op in told[1]]
                return f"the name of {beside}{told[0]}", [*probes, *ops]
        return None

    def operation_problem(self, load: str, name: str) -> tuple[str, Collection[str]] | None:
        """Return (what was expected, the known names) when nobody performs *name* in *load*.

        Either may be empty: any. Nothing can be told while there are users who alone know what
        they perform.
        """
        if load and load not in self.loads:
            if not self.loads or None in self.loads.values() or load in self.load_tags:
                return None  # Without a load in the file, a program may bring its own.
            return "a load", self.loads
        performed = {one: self.loads[one] for one in ([load] if load else self.loads)}
        if not name or not performed or None in performed.values():
            return None
        known = sorted({op for operations in performed.values() for op in operations or ()})
        what = f"an operation of the load {load}" if load else "an operation"
        return None if name in known else (what, known)


@dataclass(frozen=True)
class ReadCheck:
    """A check, where it stands, and the text of its ``unless`` if that leaves it out."""

    check: Check
    node: Node
    unless: str = ""

    def left_out(self, raw: Node) -> str:
        """Return what is left out and why; *raw* is the check before its variables were resolved.

        The reason is told as it is written, because what a variable holds may be a secret.
        """
        written = raw.value.get("unless") if isinstance(raw.value, dict) else None
        why = passwords_masked(written if isinstance(written, str) else self.unless)
        return f"{self.check.title()} (unless {why})"


def read_check(node: Node, forms: Forms, beside: tuple[str, ...] = ()) -> ReadCheck | None:
    """Return the check that *node* describes; problems are added.

    One key names the kind: ``never: duplicate`` is the kind ``never-duplicate`` if there is one,
    else the kind ``never``, whose shorthand field gets the value. *beside* are keys that the
    caller reads itself.
    """
    kinds: Mapping[str, type[Check]] = forms.catalogue.checks
    if not isinstance(node.value, dict):
        forms.problems.expected(node, "a mapping in which one key names the check")
        return None
    frame = forms.frame_of(CheckFrame, node)
    check = _read_kind(node, kinds, forms, (*_BESIDE, *beside))
    if check is None or frame is None:
        return None
    return ReadCheck(check, node, frame.unless.strip())


def _read_kind(
    node: Node, kinds: Mapping[str, type[Check]], forms: Forms, beside: tuple[str, ...]
) -> Check | None:
    joined = [
        (key, f"{key}-{value}")
        for key, value in node.value.items()
        if isinstance(value, str) and f"{key}-{value}" in kinds
    ]
    if joined:
        key, name = joined[0]
        return forms.parameters(kinds[name], node, (key, *beside), also_known=beside)
    names = [key for key in node.value if key in kinds]
    if not names:
        _tell_unknown(node, kinds, forms)
        return None
    if len(names) > 1:
        told = ", ".join(names)
        forms.problems.add(node, f"expected one key that names the check, found {told}")
        return None
    key = names[0]
    bare = node.under(key)
    return forms.parameters(kinds[key], node, (key, *beside), bare=bare, also_known=beside)


def check_references(check: Check, node: Node, names: Names, forms: Forms) -> None:
    """Add a problem for every field of *check* that names something that does not exist."""
    declared: Mapping[str, str] = getattr(check, "refers", {})
    fields = keys_of(type(check))
    for key, field in fields.items():
        noun = declared.get(field) or declared.get(key) or _WINDOW.get(field, "")
        if not noun:
            continue
        value = getattr(check, field, None)
        for name in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(name, str) or not name or field not in check.model_fields_set:
                continue
            problem = names.problem(noun, name)
            if problem is not None:
                expected, known = problem
                at = _field_node(check, node, key)
                hint = did_you_mean(name, known, noun="there are") if known is not None else ""
                forms.problems.add(at, f"expected {expected}, found {found(name)}", hint)
    for load, name in check.operations_named():
        unknown = names.operation_problem(load, name)
        if unknown is not None:
            expected, known = unknown
            wrong = name if load in names.loads or not load else load
            hint = did_you_mean(wrong, known, noun="there are")
            at = _field_node(check, node, check.shorthand or "")
            forms.problems.add(at, f"expected the name of {expected}, found {found(wrong)}", hint)


def _field_node(check: Check, node: Node, key: str) -> Node:
    if node.has(key):
        return node.under(key)
    for form in (check.kind, check.kind.partition("-")[0]):
        if node.has(form):
            bare = node.under(form)
            return bare.under(key) if bare.has(key) else bare
    return node


def _tell_unknown(node: Node, kinds: Mapping[str, type[Check]], forms: Forms) -> None:
    for key, value in node.items():
        rests = [name.removeprefix(f"{key}-") for name in kinds if name.startswith(f"{key}-")]
        if rests:
            hint = did_you_mean(str(value.value), rests)
            hint = hint if hint.startswith("did you mean") else ""
            forms.problems.expected(value, f"one of {', '.join(rests)}", hint)
            return
    told = ", ".join(list(node.value)[:6]) or "nothing"
    words = list(dict.fromkeys(word for name in kinds for word in (name, name.partition("-")[0])))
    hints = [did_you_mean(key, words, noun="known checks") for key in node.value]
    near = [hint for hint in hints if hint.startswith("did you mean")]
    hint = near[0] if near else did_you_mean("", kinds, noun="known checks")
    forms.problems.add(node, f"expected one key that names the check, found {told}", hint)
