"""The maps from canaries to checks are whole: nothing is checked that no defect can fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from hormesis.compose.suite import suite_names
from proving_ground.canaries import every_canary
from tests.quality.canary_map import (
    SUITES,
    checks_in,
    file_of,
    parts_of,
    probes_in,
    read_map,
    read_scenario_files,
    suites_with_maps,
)

MAPPED = suites_with_maps()
CANARIES = every_canary()
GPU = {"gpu-memory"}
"""Faults of a machine with a GPU: where there is none, nothing can fail and nothing is caught."""
CANARIES = every_canary()


def test_every_suite_that_comes_with_hormesis_has_a_map() -> None:
    assert set(MAPPED) == {name for name, path in suite_names().items() if path.parent == SUITES}


def test_every_canary_of_the_proving_ground_is_caught_somewhere() -> None:
    known = {name for suite in MAPPED for name in read_map(suite).canaries}
    assert known == set(CANARIES)


@pytest.mark.parametrize("suite", MAPPED)
def test_every_canary_of_a_map_fails_something(suite: str) -> None:
    canaries = read_map(suite).canaries.values()
    assert [one.name for one in canaries if not any(one.fails.values())] == []
    assert [one.name for one in canaries if not {one.name, *one.beside} <= set(CANARIES)] == []


@pytest.mark.parametrize("suite", MAPPED)
def test_every_scenario_and_check_of_the_map_exists(suite: str) -> None:
    documents, files = read_scenario_files(suite), file_of(suite)
    wrong = []
    known = {check for document in documents.values() for check in checks_in(document)}
    for canary in read_map(suite).canaries.values():
        wrong += [f"{canary.name}: may {check}" for check in canary.may if check not in known]
        for scenario, expected in canary.fails.items():
            parts = parts_of(files[scenario], documents) if scenario in files else set()
            there = {check for part in parts for check in checks_in(documents[part])}
            wrong += [f"{canary.name}: {scenario} {one}" for one in expected if one not in there]
    assert wrong == []


@pytest.mark.parametrize("suite", MAPPED)
def test_every_check_has_a_canary_wherever_it_is_defined(suite: str) -> None:
    documents, files = read_scenario_files(suite), file_of(suite)
    caught = {
        (part, check)
        for canary in read_map(suite).canaries.values()
        for scenario, checks in canary.fails.items()
        if scenario in files
        for part in parts_of(files[scenario], documents)
        for check in checks
    }
    defined = {(file, name) for file, one in documents.items() for name in checks_in(one)}
    assert defined
    assert sorted(defined - caught) == []


@pytest.mark.parametrize("suite", MAPPED)
def test_every_scenario_is_failed_by_a_canary(suite: str) -> None:
    documents = read_scenario_files(suite)
    failed = {name for one in read_map(suite).canaries.values() for name in one.fails}
    left = {
        scenario
        for scenario, file in file_of(suite).items()
        if {str(one["fault"]) for one in documents[file].get("tracks", []) if "fault" in one} != GPU
    }
    assert left
    assert sorted(left - failed) == []


@pytest.mark.parametrize("suite", MAPPED)
def test_every_probe_is_read_by_a_check_or_by_the_results(suite: str) -> None:
    documents = read_scenario_files(suite)
    own = "".join(path.read_text() for path in (SUITES / suite).glob("*.py"))
    results = set(re.findall(r'observations\("([^"]+)"\)', own))
    read = {(part, probe) for part in documents for probe in results}
    for file in documents:
        parts = parts_of(file, documents)
        words = {word for part in parts for word in words_about_probes(documents[part])}
        read |= {(part, word) for part in parts for word in words}
    asked = {(file, probe) for file, one in documents.items() for probe in probes_in(one)}
    assert sorted(asked - read) == []


def words_about_probes(document: Mapping[str, Any]) -> set[str]:
    """Return every text that a check, or what ends a run, says: probes are named among them."""
    ends = [*document.get("end_when", []), *document.get("stop_when", [])]
    told = [*document.get("checks", []), *ends]
    return {word for one in told for word in one.values() if isinstance(word, str)}
