"""Stop conditions: the elements of ``stop_when``, each a probe or a check."""

from __future__ import annotations

from collections.abc import Iterable

from hormesis.spec.check_forms import ReadCheck, read_check
from hormesis.spec.frames import StopConditionFrame
from hormesis.spec.kind_forms import Forms, known_keys
from hormesis.spec.node import Node
from hormesis.words.check import Check
from hormesis.words.stop_condition import StopCondition

_BESIDE = ("every",)


def read_stop_condition(node: Node, forms: Forms) -> tuple[StopCondition, ReadCheck | None] | None:
    """Return the condition that *node* describes, with its check if it is one."""
    if not isinstance(node.value, dict):
        forms.problems.expected(node, "a mapping with the key probe, or one that names a check")
        return None
    frame = forms.frame_of(StopConditionFrame, node)
    if "probe" in node.value:
        condition = _of_probe(node, frame, forms)
        return None if condition is None else (condition, None)
    read = read_check(node, forms, _BESIDE)
    if read is None or frame is None:
        return None
    check = read.check
    if not check.judges_live:
        able = sorted(name for name, kind in forms.catalogue.checks.items() if kind.judges_live)
        message = f"expected a check that can be judged while the run lasts, found {check.kind}"
        forms.problems.add(node, message, f"those are {', '.join(able)}")
        return None
    return StopCondition(check.title(), check=check, every_s=frame.every), read


def aborting(checks: Iterable[Check]) -> list[StopCondition]:
    """Return a condition for each of *checks* that ends the run as soon as it fails."""
    return [
        StopCondition(
            check.title(),
            check=check,
            delay_s=float(getattr(check, "delay_abort_eval", 0.0)),
            aborts=True,
        )
        for check in checks
        if getattr(check, "abort_on_fail", False)
    ]


def _of_probe(
    node: Node, frame: StopConditionFrame | None, forms: Forms
) -> StopCondition | None:
    kind = forms.kind("probes", node.under("probe"), "probe")
    if kind is None:
        return None
    taken = ("probe", *known_keys(StopConditionFrame))
    probe = forms.parameters(kind, node, taken, also_known=taken)
    if probe is None or frame is None:
        return None
    if kind.needs_expect and probe.expect is None:
        message = f"expected the key expect, because {kind.kind} takes any value for good"
        forms.problems.add(node, message)
    return StopCondition(
        frame.name or f"stop when {kind.kind}", probe=probe, every_s=frame.every, for_s=frame.for_
    )
