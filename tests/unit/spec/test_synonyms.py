"""Other spellings of keys mean the same, and both at once is one clear problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from hormesis.spec.document import Document
from hormesis.spec.node import Node, Problems
from hormesis.spec.translate import decode
from hormesis.words.kind import Kind
from hormesis.words.trouble import InputTrouble


class Crowd(Kind):
    """A kind with k6's spelling beside its own."""

    also_called: ClassVar[Mapping[str, str]] = {"maxVUs": "vus_max"}
    vus_max: int = Field(ge=1)


def decoded(data: dict[str, object]) -> tuple[Crowd | None, list[str]]:
    owner = Node(Document("crowd.yaml", ".", data), data)
    problems = Problems()
    made = decode(Crowd, dict(owner.items()), owner, problems)
    try:
        problems.raise_if_any()
    except InputTrouble as trouble:
        return made, [str(one) for one in trouble.problems]
    return made, []


def test_another_spelling_means_the_same() -> None:
    assert decoded({"maxVUs": 3}) == (Crowd(vus_max=3), [])


def test_both_spellings_at_once_are_one_problem() -> None:
    _, told = decoded({"vus_max": 3, "maxVUs": 4})
    assert len(told) == 1
    assert "expected vus_max once, found it again as maxVUs" in told[0]


def test_a_bad_value_is_told_at_the_key_that_was_written() -> None:
    _, told = decoded({"maxVUs": 0})
    assert len(told) == 1
    assert "maxVUs: expected at least 1" in told[0]
