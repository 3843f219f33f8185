"""The list of failure modes speaks of what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import hormesis
from hormesis.compose.registry import catalogue
from hormesis.testing.effectiveness.modes import (
    BY_WORD,
    CATEGORIES,
    DRAWN,
    MODES,
    NO_FAILURE,
    OWN_WORDS,
    is_listed,
)


def test_each_word_is_a_fault_of_the_shelf_or_a_word_of_our_own() -> None:
    known = {*catalogue().faults, *catalogue().toxics, *OWN_WORDS}
    assert {word for word in BY_WORD if not word.startswith(DRAWN)} - known == set()


def test_each_own_word_stands_for_a_mode_or_for_none_on_purpose() -> None:
    assert {word for word in OWN_WORDS if not is_listed(word)} == set()


def test_each_category_has_modes_and_no_mode_stands_twice() -> None:
    assert {mode.category for mode in MODES} == set(CATEGORIES)
    assert len({(mode.category, mode.name) for mode in MODES}) == len(MODES)


@pytest.mark.parametrize("word", sorted(OWN_WORDS))
def test_each_own_word_is_noted_by_somebody(word: str) -> None:
    folder = Path(hormesis.__file__).parent / "testing"
    texts = [
        file.read_text("utf-8")
        for file in folder.rglob("*.py")
        if file.parent.name != "effectiveness"
    ]
    assert any(f'"{word}"' in text for text in texts)


def test_nothing_is_both_a_failure_and_none() -> None:
    assert not NO_FAILURE & set(BY_WORD)


def test_each_strategy_that_counts_its_examples_stands_for_a_mode() -> None:
    folder = Path(hormesis.__file__).parent / "strategies"
    counted = {
        name
        for file in folder.glob("*.py")
        for name in re.findall(r"\bcounted\(\s*\"(\w+)\"", file.read_text("utf-8"))
    }
    assert counted
    assert {name for name in counted if not is_listed(f"{DRAWN}{name}")} == set()
