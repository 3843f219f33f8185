"""``unless`` of a check: left out, but read all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.spec.reading import GOOD, read_text, troubles

ADDED = "checks:\n  - {{{check}, unless: '{text}'}}\n"
FORMS = ["always: ready, name: extra", "always: {probe: ready, name: extra}"]


def with_check(check: str, text: str) -> str:
    added = ADDED.replace("{check}", check).replace("{text}", text)
    return GOOD.replace("checks:\n", added.replace("{{", "{").replace("}}", "}"))


@pytest.mark.parametrize(("text", "left_out"), [
    ("x", True), ("", False), ("${length}", True), ("false", False), (" No ", False), ("0", False),
])  # fmt: skip
@pytest.mark.parametrize("check", FORMS)
def test_a_check_is_left_out_when_the_text_is_not_empty(
    tmp_path: Path, check: str, text: str, left_out: bool
) -> None:
    names = [one.title() for one in read_text(tmp_path, with_check(check, text)).checks]
    assert ("extra" in names) is not left_out


@pytest.mark.parametrize(("text", "told"), [
    ("x", ("extra (unless x)",)),
    ("${length}", ("extra (unless ${length})",)),
    ("http://a:hidden@b", ("extra (unless http://a:***@b)",)),
    ("", ()),
])  # fmt: skip
def test_what_is_left_out_is_told_with_its_reason(
    tmp_path: Path, text: str, told: tuple[str, ...]
) -> None:
    assert read_text(tmp_path, with_check(FORMS[0], text)).left_out == told


def test_mistakes_in_a_check_that_is_left_out_are_told(tmp_path: Path) -> None:
    (problem,) = troubles(tmp_path, with_check("always: ready, durng: stop", "x"))
    assert "durng" in problem
    assert "did you mean" in problem
