"""What a program gives instead of a file becomes a document like that of a file."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from hormesis.compose.by_hand_document import document_by_hand, fault_document
from hormesis.spec.document import Document
from hormesis.words.trouble import InputTrouble

URL = "postgresql://app@127.0.0.1:5432/app"


def system_of(given: Any) -> dict[str, Any]:
    document, _ = document_by_hand(given)
    system: dict[str, Any] = document.data["system"]
    return system


def test_a_system_may_stand_at_the_top() -> None:
    document, lifted = document_by_hand({"ports": ["a"], "processes": {"web": {"run": ["web"]}}})
    assert lifted
    assert document.data["title"] == "By hand"
    assert document.data["system"] == {
        "ports": ["a"],
        "processes": {"web": {"run": ["web"]}},
        "targets": {"web": {"process": "web"}},
    }
    assert document.data["limits"] == {"duration": "24h", "lease": "30s"}
    _, lifted = document_by_hand({"system": {"processes": {"web": {"run": ["web"]}}}})
    assert not lifted


def test_what_the_program_says_itself_counts() -> None:
    given = {
        "title": "Mine", "limits": {"lease": "2s"}, "links": {"db": {"upstream": URL}},
        "processes": {"db": {"run": ["db"]}, "web": {"run": ["web"]}},
        "targets": {"db": {"process": "db"}},
    }  # fmt: skip
    document, _ = document_by_hand(given)
    assert document.data["title"] == "Mine"
    assert document.data["limits"] == {"duration": "24h", "lease": "2s"}
    assert document.data["system"]["targets"] == {"web": {"process": "web"}}
    assert document.data["targets"] == {"db": {"process": "db"}}


@pytest.mark.parametrize(
    ("upstream", "facets"),
    [
        (URL, {"postgres": URL}),
        ("redis://127.0.0.1:1", {"redis": "redis://127.0.0.1:1"}),
        ("https://127.0.0.1:1", {"http": "https://127.0.0.1:1"}),
        ("amqp://127.0.0.1:1", {}),
        ("127.0.0.1:1", {}),
    ],
)
def test_a_link_is_a_target_with_the_server_behind_it(
    upstream: str, facets: dict[str, str]
) -> None:
    system = system_of({"links": {"it": {"upstream": upstream}}})
    assert system["targets"] == {"it": {"link": "it", **facets}}


def test_a_process_and_a_link_of_one_name_are_one_target() -> None:
    system = system_of(
        {"processes": {"db": {"run": ["db"]}}, "links": {"db": {"upstream": URL}}}
    )
    assert system["targets"] == {"db": {"process": "db", "link": "db", "postgres": URL}}


def test_a_misspelled_part_of_the_system_is_told_with_the_system() -> None:
    assert system_of({"proceses": {}}) == {"proceses": {}}
    document, lifted = document_by_hand({"tagets": {}, "checkz": []})
    assert not lifted and "system" not in document.data


def test_a_system_of_a_file_or_package_names_its_own_targets() -> None:
    for system in ({"use": "shop"}, {"file": "shop.yaml"}):
        assert system_of({"system": system}) == system


def test_python_values_become_those_of_files() -> None:
    run = ("web", Path("/srv"), 8080, True, None)
    given = MappingProxyType({"processes": MappingProxyType({"web": {"run": run}})})
    system = system_of(given)
    assert system["processes"] == {"web": {"run": ["web", "/srv", 8080, True, None]}}


def test_what_no_file_can_hold_is_told_with_its_path_and_line() -> None:
    with pytest.raises(InputTrouble) as caught:
        document_by_hand({"links": {"a": {"upstream": object()}, "b": {"upstream": b"x"}}})
    first, second = caught.value.problems
    assert (first.path, second.path) == ("links.a.upstream", "links.b.upstream")
    assert first.place is not None and first.place.file == __file__ and first.place.line
    assert str(second).endswith("found b'x'")
    with pytest.raises(InputTrouble, match=r"latency\.delay: expected what a file can hold"):
        fault_document("latency", "web", {"delay": object()})


def test_a_file_keeps_its_places(tmp_path: Path) -> None:
    file = tmp_path / "system.yaml"
    file.write_text("processes:\n  web: {run: [web]}\n")
    document, lifted = document_by_hand(file)
    assert lifted
    assert _line(document, "system", "processes", "web") == 2
    file.write_text("title: It\nsystem:\n  processes:\n    web: {run: [web]}\n")
    document, lifted = document_by_hand(str(file))
    assert not lifted
    assert _line(document, "system", "processes", "web") == 4


def _line(document: Document, *steps: str) -> int:
    return document.key_place(steps).line
