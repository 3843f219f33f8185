"""The map from canaries to checks is whole: nothing is checked that no defect can fail."""

from __future__ import annotations

import re

from proving_ground.canaries import CANARIES
from tests.quality.canary_map import (
    SUITE,
    checks_in,
    parts_of,
    probes_in,
    read_canaries,
    read_scenario_files,
)


def test_every_canary_of_the_proving_ground_is_caught_somewhere() -> None:
    canaries = read_canaries()
    assert set(canaries) == set(CANARIES)
    assert [one.name for one in canaries.values() if not any(one.fails.values())] == []
    assert [one.name for one in canaries.values() if not set(one.beside) <= set(CANARIES)] == []


def test_every_scenario_and_check_of_the_map_exists() -> None:
    documents = read_scenario_files()
    wrong = []
    known = {check for document in documents.values() for check in checks_in(document)}
    for canary in read_canaries().values():
        wrong += [f"{canary.name}: may {check}" for check in canary.may if check not in known]
        for scenario, expected in canary.fails.items():
            file = f"{scenario}.yaml"
            parts = parts_of(file, documents) if file in documents else set()
            there = {check for part in parts for check in checks_in(documents[part])}
            wrong += [f"{canary.name}: {scenario} {one}" for one in expected if one not in there]
    assert wrong == []


def test_every_check_has_a_canary_wherever_it_is_defined() -> None:
    documents = read_scenario_files()
    caught = {
        (part, check)
        for canary in read_canaries().values()
        for scenario, checks in canary.fails.items()
        for part in parts_of(f"{scenario}.yaml", documents)
        for check in checks
    }
    defined = {(file, name) for file, one in documents.items() for name in checks_in(one)}
    assert defined
    assert sorted(defined - caught) == []


def test_every_probe_is_read_by_a_check_or_by_the_results() -> None:
    documents = read_scenario_files()
    results = set(re.findall(r'observations\("([^"]+)"\)', (SUITE / "results.py").read_text()))
    read = {(part, probe) for part in documents for probe in results}
    for file in documents:
        parts = parts_of(file, documents)
        words = {
            word
            for part in parts
            for check in documents[part].get("checks", [])
            for word in check.values()
            if isinstance(word, str)
        }
        read |= {(part, word) for part in parts for word in words}
    asked = {(file, probe) for file, one in documents.items() for probe in probes_in(one)}
    assert asked
    assert sorted(asked - read) == []
