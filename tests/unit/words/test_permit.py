"""What a permit refuses, and why."""

from __future__ import annotations

import json

import pytest

from hormesis.words.permit import Permit
from hormesis.words.verb import VerbCall

PERMIT = Permit(
    allowed=(("pause", "server"), ("service", "server")), bounded=(("pause", "server"),),
    hold_s_max=5.0, effects_max=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "subject", "hold_s", "active", "why"),
    [
        ("pause", "server", 5.0, 1, ""),
        ("service", "server", None, 1, ""),
        ("pause", "server", None, 1, "to pause 'server' is not permitted without an end"),
        ("pause", "server", 5.1, 1, "a hold of 5.1 s is longer than the permitted 5 s"),
        ("pause", "server", 5.0, 2, "2 effects are active, the permitted maximum is 2"),
        ("pause", "other", 5.0, 1, "the permit of this run does not allow to pause 'other'"),
        ("kill", "server", 5.0, 1, "the permit of this run does not allow the verb 'kill'"),
    ],
)
def test_refusals(verb: str, subject: str, hold_s: float | None, active: int, why: str) -> None:
    assert PERMIT.refusal(VerbCall(verb, {"subject": subject}), hold_s, active) == why


def test_a_permit_survives_json() -> None:
    assert Permit.from_json(json.loads(json.dumps(PERMIT.to_json()))) == PERMIT
