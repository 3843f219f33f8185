"""Only names of ours are taken for ours, and only dead owners for dead."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hormesis.testing.ownership import Name, owner_comment, owner_lives


@given(seed=st.integers())
def test_a_drawn_name_is_known_again_with_all_that_begins_so(seed: int) -> None:
    name = Name.drawn(Random(seed))
    assert Name.of(name.text) == name
    assert Name.of(f"{name.text}_17") == Name.of(f"{name.text}_template") == name
    assert len(name.text) < 40


def test_other_names_are_nobodys() -> None:
    for text in ("hormesis_production", "hormesis_00000000ffff", "hormesis_1", "postgres", ""):
        assert Name.of(text) is None


@given(seed=st.integers())
def test_the_lock_is_the_number_that_the_server_shows(seed: int) -> None:
    name = Name.drawn(Random(seed))
    signed = int(name.lock.rpartition(", ")[2].rstrip(")"))
    assert -(2**31) <= signed < 2**31
    assert signed % 2**32 == name.number


def test_this_process_lives_and_an_earlier_one_does_not() -> None:
    comment = owner_comment()
    assert owner_lives(comment) is True
    facts = json.loads(comment.removeprefix("hormesis: "))
    facts["process"]["start"] -= 1
    assert owner_lives(f"hormesis: {json.dumps(facts)}") is False


def test_of_other_machines_and_without_a_comment_nothing_is_known() -> None:
    facts = json.loads(owner_comment().removeprefix("hormesis: "))
    facts["machine"] = "another"
    assert owner_lives(f"hormesis: {json.dumps(facts)}") is None
    assert owner_lives(None) is None
    assert owner_lives("my database") is None
    assert owner_lives("[1]") is None
