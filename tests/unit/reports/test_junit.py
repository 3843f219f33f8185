"""JUnit: outcomes as build servers understand them."""

from __future__ import annotations

from xml.etree import ElementTree

from hormesis.reports.junit import Junit
from hormesis.words.report import Judged
from tests.unit.reports.runs import EMPTY, dirty
from tests.unit.reports.sample import sample_run, sample_suite


def suites_of(*runs: Judged) -> dict[str, ElementTree.Element]:
    root = ElementTree.fromstring(Junit().render("nightly", runs))
    assert root.tag == "testsuites"
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    return {suite.attrib["name"]: suite for suite in root}


def case_of(suite: ElementTree.Element, name: str) -> ElementTree.Element:
    (case,) = [one for one in suite.iter("testcase") if one.attrib["name"] == name]
    return case


def test_one_case_per_verdict_in_a_suite_per_run() -> None:
    runs = sample_suite()
    suites = suites_of(*runs)
    assert list(suites) == [run.name for run in runs]
    for run in runs:
        assert len(list(suites[run.name].iter("testcase"))) == len(run.verdict.verdicts)


def test_a_failure_carries_its_findings_and_advice() -> None:
    suite = suites_of(sample_run())["J-CHAOS-3 delay and partition"]
    failure = case_of(suite, "recovers after partition").find("failure")
    assert failure is not None
    assert "Still failing 31.2 s after" in (failure.text or "")
    assert "op 6213" in (failure.text or "")
    assert "circuit breaker" in (failure.text or "")
    assert case_of(suite, "recovers after slow-network").find("failure") is None


def test_unknown_is_an_error_but_a_missing_capability_is_skipped() -> None:
    suites = suites_of(*sample_suite())
    never_bit = case_of(suites["RE-003 processor saturation"], "fault burn-cpu bit and healed")
    assert never_bit.find("error") is not None
    skipped = case_of(suites["RE-005 video memory exhaustion"], "fault fill-vram bit and healed")
    assert skipped.find("error") is None
    told = skipped.find("skipped")
    assert told is not None
    assert "no GPU" in told.attrib["message"]


def test_properties_say_how_to_run_it_again() -> None:
    suite = suites_of(sample_run())["J-CHAOS-3 delay and partition"]
    found = {one.attrib["name"]: one.attrib["value"] for one in suite.iter("property")}
    assert found["seed"] == "7"
    assert found["replay"] == "hormesis run jobs/j-chaos-3.yaml --seed 7"
    assert found["run"].startswith("0007c") or found["run"]


def test_left_dirty_and_nothing_checked_are_never_green() -> None:
    assert int(suites_of(dirty())["dirty"].attrib["errors"]) >= 1
    assert suites_of(EMPTY)["empty"].attrib["errors"] == "1"
