"""The change fragments are well formed and assemble into a section."""

from __future__ import annotations

import pytest

from changes.assemble import fragments_in, problems_of, section_of


def test_the_fragments_are_well_formed() -> None:
    assert problems_of(fragments_in()) == []


@pytest.mark.parametrize(
    ("name", "text", "fragment"),
    [
        ("spine.md", "It works.", "name it"),
        ("spine.new.md", "It works.", "name it"),
        ("spine.added.md", " \n", "say in a sentence"),
        ("spine.added.md", "- It works.", "plain sentences"),
    ],
)
def test_a_bad_fragment_is_found(name: str, text: str, fragment: str) -> None:
    assert [fragment in problem for problem in problems_of({name: text})] == [True]


def test_a_section_groups_by_sort() -> None:
    fragments = {"b.fixed.md": "B.\n", "a.added.md": "A,\nlong.\n", "c.added.md": "C."}
    assert section_of("0.2.0", "2026-01-02", fragments) == (
        "## 0.2.0 (2026-01-02)\n\n### Added\n\n- A,\n  long.\n- C.\n\n### Fixed\n\n- B.\n\n"
    )
