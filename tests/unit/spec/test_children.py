"""Children as targets: slots below a process, or below a target that was attached."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.words.target import Descent, Facet
from tests.unit.spec.reading import read_text, troubles

HEAD = """title: Children
system:
  processes: {hive: {run: [hive]}, bot: {run: [bot], count: 2}, gone: {run: [gone], count: 0}}
"""


def test_slots_are_members_that_nobody_but_the_parent_starts(tmp_path: Path) -> None:
    text = "  targets: {kids: {children: {of: hive, matching: 'kid-*', count: 2, order: newest}}}\n"
    one, two = read_text(tmp_path, HEAD + text).targets["kids"]
    assert (one.name, one.service, two.name) == ("kids-1", "kids-1", "kids-2")
    assert one.descent == Descent(("hive",), "kid-*", "newest", 1, 2)
    assert two.descent == Descent(("hive",), "kid-*", "newest", 2, 2)
    assert one.facets == {Facet.PROCESS, Facet.NETWORK}


@pytest.mark.parametrize(
    ("parent", "of"),
    [
        ("{process: hive}", ("hive",)), ("{pid: 12}", ("top",)), ("{port: 8000}", ("top",)),
        ("{process: 'bot-*'}", ("bot-1", "bot-2")),
    ],
)  # fmt: skip
def test_a_parent_may_be_a_target_that_stands_further_down(
    tmp_path: Path, parent: str, of: tuple[str, ...]
) -> None:
    text = f"  targets: {{kids: {{children: {{of: top, count: 1}}}}, top: {parent}}}\n"
    it = read_text(tmp_path, HEAD + text)
    assert list(it.targets) == ["kids", "top"]
    (kid,) = it.targets["kids"]
    assert kid.descent is not None
    assert kid.descent.of == of


def test_a_process_goes_before_a_target_of_its_name(tmp_path: Path) -> None:
    text = "  targets: {hive: {pid: 12}, bot: {port: 80}, kids: {children: {of: bot, count: 1}}}\n"
    # A target that is attached must not be called as a process is.
    assert "no process's" in troubles(tmp_path, HEAD + text)[0]


def test_a_parent_that_is_left_out_is_told_when_a_fault_needs_it(tmp_path: Path) -> None:
    text = HEAD + "  targets: {kids: {children: {of: gone, count: 2}}}\n"
    assert read_text(tmp_path, text).targets["kids"][0].facets == frozenset()
    (told,) = troubles(tmp_path, text + "tracks:\n  - {fault: kill, target: kids}\n")
    assert "its parent gone is not started" in told


def test_what_brings_its_victim_back_is_told_how_to_leave_that(tmp_path: Path) -> None:
    text = HEAD + "  targets: {kids: {children: {of: hive, count: 2}}}\n"
    (told,) = troubles(tmp_path, text + "tracks:\n  - {fault: stop, target: kids, for: 1s}\n")
    assert "a child is started again by its parent, hive, so it is not for stop" in told


def test_slots_and_their_target_can_be_protected(tmp_path: Path) -> None:
    text = HEAD + "  targets: {kids: {children: {of: hive, count: 2}}}\n"
    for name in ("kids", "kids-2", "hive"):
        it = read_text(tmp_path, text + f"limits: {{protected: [{name}]}}\n")
        assert it.limits.protected == (name,)
