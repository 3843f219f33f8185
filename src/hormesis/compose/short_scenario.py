"""The short form of a scenario: one toxic, its attributes, how long, and what is expected.

It is written out as an experiment that includes the suite's ``short_form`` file, in which every
value stands where it stands in the short file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from hormesis.compose.short_toxics import TOXICS, ToxicForm, form_of, unit_of
from hormesis.spec.did_you_mean import did_you_mean, nearest
from hormesis.spec.document import Document, Spot, Steps
from hormesis.spec.frames import Frame, Word
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, found
from hormesis.spec.translate import decode, keys_of
from hormesis.words.fault import Fault

TRACK = "toxic"
"""The name of the one fault track of a short scenario."""
_BESIDE = ("pick", "repeat")
"""What an attribute may say about the track instead of the fault."""


class ShortFrame(Frame):
    """A scenario in the short form."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    name: Word
    toxic: Word
    duration_seconds: Annotated[float, Field(gt=0)]
    attributes: dict[str, Any] = Field(default_factory=dict)
    expected_behavior: str = ""
    target: str = ""
    toxicity: Annotated[float | None, Field(gt=0, le=1)] = None
    stream: Literal["upstream", "downstream", "both"] | None = None
    failed_most: Annotated[str | None, Field(pattern=r"^\d+(\.\d+)?%$")] = None


def short_nodes(document: Document) -> Iterator[Node] | None:
    """Return the short scenarios of *document*; None when it is not in the short form at all."""
    top = Node(document, document.data)
    if isinstance(top.value, list):
        several = list(top.elements())
    elif top.has("scenarios") and isinstance(top.value["scenarios"], list):
        several = list(top.under("scenarios").elements())
    else:
        return iter([top]) if _is_short(top) else None
    # One that is broken is told of, and does not hide its neighbours.
    return iter(several) if any(_is_short(one) for one in several) else None


def _is_short(node: Node) -> bool:
    """Return whether *node* is meant as a short scenario, complete or not."""
    return isinstance(node.value, dict) and are_of_a_short_one(node.value)


def are_of_a_short_one(keys: Collection[str]) -> bool:
    """Return whether something with these *keys* is meant as a short scenario."""
    if "tracks" in keys or "title" in keys:
        return False
    return "toxic" in keys or len({*keys} & {*ShortFrame.model_fields} - {"id"}) >= 2


def written_out(node: Node, short_form: str, forms: Forms) -> tuple[str, Document] | None:
    """Return the id and the experiment of the short scenario *node*; None after its problems."""
    frame = forms.frame(ShortFrame, node)
    toxic = node.value.get("toxic") if isinstance(node.value, dict) else None
    if not isinstance(toxic, str) or not toxic:
        return None
    faults = forms.catalogue.faults
    form = form_of(toxic, faults)
    if form is None:
        known = [*TOXICS, *faults]
        hint = did_you_mean(toxic, known, noun="toxics and faults")
        message = f"expected the name of a toxic or a fault, found {found(toxic)}"
        forms.problems.add(node.under("toxic"), message, hint)
        return None
    parameters = _parameters(node, frame, form, faults[form.fault], forms)
    if frame is None or parameters is None:
        return None
    return frame.id, _document(node, frame, form, faults[form.fault], short_form, parameters)


def _parameters(
    node: Node, frame: ShortFrame | None, form: ToxicForm, kind: type[Fault], forms: Forms
) -> dict[str, Node] | None:
    """Return what the short scenario says about its fault, under the fault's own names."""
    given = node.under("attributes") if node.has("attributes") else None
    known = [*form.attributes, *keys_of(kind), *_BESIDE]
    if given is None and (needed := _needed(form, kind)):
        message = f"expected the key attributes with {' and '.join(needed)} below it, found none"
        beside = [key for key in node.value if key in known and key not in ShortFrame.model_fields]
        hint = f"move {' and '.join(beside)} below attributes" if beside else ""
        forms.problems.add(node, message, hint)
        return None
    fields: dict[str, Node] = {}
    if given is not None and isinstance(given.value, dict):
        fields = _attributes(given, form, kind, forms)
    for key, name in (("toxicity", "share"), ("stream", "stream")):
        # What the frame refuses is told there, once.
        if frame is not None and node.has(key) and node.value[key] != 1:
            takes = name in kind.model_fields
            if takes:
                fields[name] = node.under(key)
            elif form.fault not in (one.fault for one in TOXICS.values()):
                message = f"expected no {key}, because the fault {form.fault} takes none"
                forms.problems.add(node.under(key), message, at_key=True)
    own = {name: one for name, one in fields.items() if name not in _BESIDE}
    if any("${" in str(one.value) for one in own.values()):
        return fields  # Only the experiment knows what its variables say.
    owner = given if given is not None else node
    if decode(kind, own, owner, forms.problems, context=forms.context, also_known=known) is None:
        return None
    return fields


def _attributes(
    given: Node, form: ToxicForm, kind: type[Fault], forms: Forms
) -> dict[str, Node]:
    """Return the attributes under the fault's own names.

    One that is misspelled stands for the one that must be meant, so that its absence is not told
    as well.
    """
    known = [*form.attributes, *keys_of(kind), *_BESIDE]
    fields: dict[str, Node] = {}
    keys: dict[str, str] = {}
    for key, value in given.items():
        meant = key if key in known else nearest(key, known) or key
        if meant != key:
            message = f"expected a known key, found {key}"
            forms.problems.add(value, message, f"did you mean {meant}?", at_key=True)
        name, unit = form.attributes.get(meant, (meant, ""))
        if name in keys:
            message = f"expected one of {keys[name]} and {key}, which are the same, found both"
            forms.problems.add(value, message, at_key=True)
        keys[name] = key
        fields[name] = _with_unit(value, unit or unit_of(kind, name))
    return fields


def _needed(form: ToxicForm, kind: type[Fault]) -> list[str]:
    """Return the attributes that must be given, under Toxiproxy's names where it has one."""
    names = {name: key for key, (name, _) in form.attributes.items()}
    return [
        names.get(key, key)
        for key, field in keys_of(kind).items()
        if kind.model_fields[field].is_required()
    ]


def _with_unit(node: Node, unit: str) -> Node:
    number = node.value
    if not unit or isinstance(number, bool) or not isinstance(number, int | float):
        return node
    return Node(node.document, f"{_plain(number)}{unit}", node.steps)


def _plain(number: float) -> str:
    """Write *number* without an exponent."""
    return str(number) if isinstance(number, int) else f"{number:.6f}".rstrip("0").rstrip(".")


def _document(
    node: Node,
    frame: ShortFrame,
    form: ToxicForm,
    kind: type[Fault],
    short_form: str,
    parameters: Mapping[str, Node],
) -> Document:
    duration = f"{_plain(frame.duration_seconds)}s"
    track: dict[str, Any] = {
        "fault": form.fault,
        "name": TRACK,
        "target": frame.target or "${target}",
        "at": "${warmup}",
        **({} if kind.momentary else {"for": duration}),
        **{name: one.value for name, one in parameters.items()},
    }
    # Whoever breaks connections has to say how many requests may fail; slowness lets none fail.
    judged = form.slows or frame.failed_most is not None
    variables = {"duration": duration, "may_fail": "" if judged else "yes"}
    if frame.failed_most is not None:
        variables["failed_most"] = frame.failed_most
    data = {
        "include": short_form,
        "id": frame.id,
        "title": frame.name,
        "description": frame.expected_behavior,
        "vars": variables,
        "tracks": [track],
    }
    beginning: Steps = ("tracks", 0)
    origins: dict[Steps, Steps] = {(): node.steps}
    for way, key in (
        (("id",), "id"),
        (("title",), "name"),
        (("description",), "expected_behavior"),
        (("vars", "duration"), "duration_seconds"),
        (("vars", "failed_most"), "failed_most"),
        ((*beginning, "fault"), "toxic"),
        ((*beginning, "target"), "target"),
        ((*beginning, "for"), "duration_seconds"),
    ):
        origins[way] = (*node.steps, key)
    origins |= {(*beginning, name): one.steps for name, one in parameters.items()}
    short = node.document
    return Document(
        short.file,
        short.folder,
        data,
        _spots(short.values, origins, data),
        _spots(short.keys, origins, data),
    )


def _spots(
    spots: Mapping[Steps, Spot], origins: Mapping[Steps, Steps], data: Mapping[str, Any]
) -> dict[Steps, Spot]:
    """Return the spots of the short file under the ways of the experiment made from it."""
    moved: dict[Steps, Spot] = {}
    for way, origin in origins.items():
        if origin in spots:
            spot = spots[origin]
            moved[way] = Spot(spot.line, spot.column, _raw(data, way))
    return moved


def _raw(data: Any, way: Steps) -> str:
    for step in way:
        data = data[step] if not isinstance(data, dict) or step in data else ""
    return "" if isinstance(data, dict | list) else str(data)
