"""Conformance: what every fault owes, whoever wrote it, found out without touching anything.

It is judged on the actions of a compiled experiment, so with real targets and parameters. What
only a real run can show, the drill shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

from hormesis.host.means import means_names
from hormesis.host.verbs import verb_names
from hormesis.spec.field_docs import field_docs
from hormesis.words.look import Look, Reading
from hormesis.words.randomness import stream_of
from hormesis.words.timeline import FaultAction, Timeline

LOOKS = get_args(Look)
_NOTHING: tuple[Reading, ...] = ({}, {"error": "nothing could be read"})


def shortcomings(timeline: Timeline) -> list[str]:
    """Return a sentence for each rule that a fault of *timeline* breaks; empty is right."""
    told = [
        f"{action.track} ({action.fault.kind} by {action.fault.by or '?'}): {text}"
        for action in timeline.actions
        for text in _shortcomings(action)
    ]
    return list(dict.fromkeys(told))


def _shortcomings(action: FaultAction) -> Iterator[str]:
    yield from _undocumented(action)
    known = set(means_names())
    for way in action.fault.ways():
        if not way.name:
            yield "one of its mechanisms has no name"
        yield from (f"there is no means {name!r}" for name in sorted(way.means - known))
    if action.skip:
        return
    try:
        yield from _calls(action)
        yield from _judgement(action)
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything
        yield f"it broke: {type(error).__name__}: {error}"


def _undocumented(action: FaultAction) -> Iterator[str]:
    kind = type(action.fault)
    if not (kind.__doc__ or "").strip():
        yield "its class has no docstring, which is its documentation"
    docs = field_docs(kind)
    yield from (
        f"its field {name} has no docstring" for name in kind.model_fields if not docs.get(name)
    )


def _calls(action: FaultAction) -> Iterator[str]:
    made = [
        action.fault.verbs(action.target, stream_of(1, action.stream)) for _ in range(2)
    ]
    if not made[0]:
        yield "it becomes no verb call"
    if list(made[0]) != list(made[1]):
        yield "the same seed gives different verb calls"
    for call in made[0]:
        if call.verb not in verb_names():
            yield f"there is no verb {call.verb!r}; there are {', '.join(verb_names())}"
        if not call.args.get("subject"):
            yield f"its call of {call.verb} names no subject, so no permit can cover it"
        if json.loads(json.dumps(dict(call.args))) != dict(call.args):
            yield f"the arguments of its call of {call.verb} do not survive JSON"


def _judgement(action: FaultAction) -> Iterator[str]:
    looks = action.fault.look(action.target)
    for look in looks if isinstance(looks, tuple) else (looks,):
        if not isinstance(look, LOOKS):
            yield f"its look {type(look).__name__} is not one of the vocabulary"
    for now in _NOTHING:
        if action.fault.hurts({}, now):
            yield f"it claims to hurt although nothing was seen: {dict(now)}"
        if action.fault.healed({}, now):
            yield f"it claims to be healed although nothing was seen: {dict(now)}"
