"""``unless`` of a check and of a final probe: left out, but read all the same."""

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


@pytest.mark.parametrize(("text", "left_out"), [("x", True), ("", False), ("${length}", True)])
def test_a_final_probe_is_left_out_as_well(tmp_path: Path, text: str, left_out: bool) -> None:
    final = GOOD.replace("query: SELECT 1}", f"query: SELECT 1, unless: '{text}'}}")
    names = [one.name for one in read_text(tmp_path, final).final_probes]
    assert names == ([] if left_out else ["jobs"])


def test_who_is_looked_at_elsewhere_can_be_referred_to(tmp_path: Path) -> None:
    again = 'name: rows, query: "SELECT $1", unless: x}'
    text = GOOD.replace("name: jobs, query: SELECT 1}", again)
    checked = text.replace("checks:\n", "checks:\n  - {always: rows, expect: {value: 1}}\n")
    assert read_text(tmp_path, checked).final_probes == ()


def test_who_is_looked_at_by_a_stop_condition_can_be_referred_to(tmp_path: Path) -> None:
    probe = "probe: sql, name: jobs, query: SELECT 1, expect: {value: 1}"
    text = GOOD.replace("{probe: sql, name: jobs, query: SELECT 1}", f"{{{probe}, unless: x}}")
    stops = f"stop_when:\n  - {{{probe}}}\nchecks:\n  - {{always: jobs}}\n"
    assert read_text(tmp_path, text.replace("checks:\n", stops)).final_probes == ()


def test_mistakes_in_a_final_probe_that_is_left_out_are_told(tmp_path: Path) -> None:
    final = GOOD.replace("query: SELECT 1}", "query: SELECT 1, unless: x, withn: 3s}")
    (problem,) = troubles(tmp_path, final)
    assert "withn" in problem
