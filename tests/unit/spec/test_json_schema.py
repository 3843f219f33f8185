"""The JSON Schema accepts what the reader accepts and is itself a schema."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from hormesis.compose.registry import catalogue
from hormesis.spec.field_docs import field_docs
from hormesis.spec.frames import LimitsFrame
from hormesis.spec.json_schema import schema_of
from hormesis.spec.locate import locate
from hormesis.words.catalogue import Catalogue
from tests.unit.spec.reading import GOOD, read_text
from tests.unit.spec.small_kinds import Latency, small_catalogue

SCHEMA = schema_of(small_catalogue())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
SUITES = Path(__file__).parents[3] / "src" / "hormesis" / "suites"


EXAMPLES = sorted((SUITES.parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_what_is_run_is_valid(path: Path, whole: jsonschema.Draft202012Validator) -> None:
    data = yaml.safe_load(path.read_text())
    if "title" in data:
        whole.validate(data)


@pytest.fixture(scope="module")
def whole() -> jsonschema.Draft202012Validator:
    """The schema that ``hormesis schema`` prints."""
    return jsonschema.Draft202012Validator(schema_of(catalogue()))


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(schema_of(Catalogue()))


def test_a_good_file_is_valid() -> None:
    VALIDATOR.validate(yaml.load(GOOD, yaml.BaseLoader) | {"tracks": [], "limits": {}})


@pytest.mark.parametrize(
    "more",
    [
        "tracks: [{load: barrier, vus: 1, client: 'a.py:A'}]",
        "tracks: [{load: barrier, vus: '${n}', client: {python: 'a.py:A', with: {a: [1]}}}]",
        "tracks: [{load: barrier, vus: 1, client: {python: {use: 'a.py:A'}}}]",
        "prepare: [{http: 'http://h', steps: [{name: a, think: {min: 1s, max: 2s}}]}]",
        "include: a.yaml",
        "checks: [{never-duplicate: {of: a}}, {eventually: a, within: '${x}'}]",
        "system: {use: proving-ground, set: {bots: 3}}\nvars: {a: {b: [1]}}",
    ],
)
def test_forms_are_valid(more: str) -> None:
    VALIDATOR.validate(yaml.safe_load(f"title: T\n{more}"))


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("titel",), "T"),
        (("tracks", 0, "vus"), 0),
        (("tracks", 0, "vsu"), 1),
        (("tracks", 1, "fault"), "stopp"),
        (("tracks", 0, "client"), {"htpp": "x"}),
        (("checks", 0, "never"), "duplicates"),
        (("limits", "settle"), 3),
        (("system", "processes", "web", "restart"), "always"),
    ],
)
def test_what_is_wrong_is_invalid(tmp_path: Path, way: tuple[Any, ...], value: Any) -> None:
    data: Any = deepcopy(yaml.safe_load(GOOD))
    holder = data
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    assert not VALIDATOR.is_valid(data)


def test_every_parameter_is_documented() -> None:
    assert field_docs(Latency)["delay"] == "How long each chunk waits."
    assert set(field_docs(LimitsFrame)) == set(LimitsFrame.model_fields)
    track = SCHEMA["$defs"]["track"]["anyOf"][2]
    assert track["properties"]["delay"]["description"] == "How long each chunk waits."
    assert track["properties"]["at"]["description"].startswith("When it begins")


@pytest.mark.parametrize("path", sorted(SUITES.glob("*/*.yaml")), ids=lambda path: path.name)
def test_bundled_scenarios_can_be_located(path: Path) -> None:
    assert isinstance(locate(path).data, dict)


def test_the_good_file_is_good(tmp_path: Path) -> None:
    assert read_text(tmp_path, GOOD).title == "Good"
