"""End conditions: the elements of ``end_when``, each a probe, or a probe track to give up on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import EndConditionFrame, GiveUpFrame
from hormesis.spec.kind_forms import Forms, known_keys
from hormesis.spec.node import Node, found, keys_told
from hormesis.spec.tracks import Tracks
from hormesis.words.end_condition import EndCondition
from hormesis.words.trouble import Place


def read_end_conditions(
    nodes: Iterator[tuple[Node, Forms]], tracks: Tracks
) -> tuple[EndCondition, ...]:
    """Return the conditions that *nodes* describe, for *tracks*, which were read before."""
    apart = {one.name for several in tracks.conditions.values() for one in several}
    known = tracks.names.get("probe", set()) - apart - tracks.left_out
    known |= {one.name for one in tracks.probes}
    ends = []
    for node, forms in nodes:
        if (end := _read(node, forms, sorted(known))) is not None:
            tracks.refuse_mixing(end, node, forms)
            ends.append(end)
    return tuple(ends)


def _read(node: Node, forms: Forms, probes: Collection[str]) -> EndCondition | None:
    if not isinstance(node.value, dict):
        forms.problems.expected(node, "a mapping with the key probe or give_up")
        return None
    given = [key for key in ("probe", "give_up") if key in node.value]
    if len(given) != 1:
        told = " and ".join(given) or f"only {keys_told(node)}"
        forms.problems.add(node, f"expected one of probe and give_up, found {told}")
        return None
    return _give_up(node, forms, probes) if given == ["give_up"] else _of_probe(node, forms)


def _place(node: Node) -> Place:
    """Return where it says from when on it counts, or where it stands."""
    return (node.under("not_before") if "not_before" in node.value else node).place


def _give_up(node: Node, forms: Forms, probes: Collection[str]) -> EndCondition | None:
    frame = forms.frame(GiveUpFrame, node)
    if frame is None:
        return None
    if frame.give_up not in probes:
        message = f"expected the name of a probe track, found {found(frame.give_up)}"
        hint = did_you_mean(frame.give_up, probes, noun="there are")
        forms.problems.add(node.under("give_up"), message, hint)
    return EndCondition(
        frame.name or f"give up on {frame.give_up}",
        gives_up_on=frame.give_up,
        unchanged_s=frame.unchanged_for,
        fields=tuple(frame.fields),
        not_before_s=frame.not_before,
        settle_s=frame.settle,
        place=_place(node),
    )


def _of_probe(node: Node, forms: Forms) -> EndCondition | None:
    kind = forms.kind("probes", node.under("probe"), "probe")
    frame = forms.frame_of(EndConditionFrame, node)
    if kind is None:
        return None
    taken = ("probe", *known_keys(EndConditionFrame))
    probe = forms.parameters(kind, node, taken, also_known=taken)
    if probe is None or frame is None:
        return None
    if probe.expect is None:
        forms.problems.add(node, "expected the key expect, because any answer would end the run")
    return EndCondition(
        frame.name or f"end when {kind.kind}",
        probe=probe,
        every_s=frame.every,
        for_s=frame.for_,
        not_before_s=frame.not_before,
        settle_s=frame.settle,
        place=_place(node),
    )
