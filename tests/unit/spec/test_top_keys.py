"""What stands at the margin of a file is what the parser finds there, or nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.spec.locate import locate_any
from hormesis.spec.top_keys import top_keys
from hormesis.spec.yaml_text import read_yaml
from hormesis.words.trouble import InputTrouble

ROOT = Path(__file__).parents[3]
FILES = [
    path
    for folder in ("src/hormesis/suites", "examples", "apps/proving_ground/src")
    for path in sorted((ROOT / folder).rglob("*.yaml"))
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_keys_of_a_file_are_those_that_the_parser_finds(path: Path) -> None:
    keys = top_keys(path.read_text("utf-8"))
    assert keys is None or keys == set(locate_any(path).data)


def test_nearly_every_file_of_the_suites_is_seen_through() -> None:
    seen = [top_keys(path.read_text("utf-8")) is not None for path in FILES]
    assert sum(seen) > 0.9 * len(seen)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("id: A\ntitle: one\n", {"id", "title"}),
        ("# said first\n\nid: A\nvars:\n  toxic: 1\nlist:\n  - toxic: 2\n", {"id", "vars", "list"}),
        ("text: |\n  toxic: 1\n\n  more\nid: A", {"text", "id"}),
        ("", None),
        ("# only a comment\n", None),
        ("{id: A}", None),
        ("- id: A\n", None),
        ("--- \nid: A\n", None),
        ("'id': A\n", None),
        ("vars: {\n  a: 1\n}\nid: A\n", None),
        ("a: 1\rtoxic: 2", {"a", "toxic"}),
        ("a: 1\u2028toxic: 2", {"a", "toxic"}),
        ("\tid: A", None),
        ("id:A\n", None),
        ("vars: [l,\nid: A\n  ]\n", None),
        ("vars: {a: 1,\nid: A}\n", None),
        ("vars: \"x\nid: A\"\n", None),
        ("vars: 'x\nid: A'\n", None),
        ("vars:\n  a: 'x\nid: A'\n", None),
        ("vars: \"[\"\nid: don't\n", {"vars", "id"}),
        ("sql: |\n  SELECT '{' WHERE a IN ('b', 'c')\nid: A\n", {"sql", "id"}),
    ],
)
def test_keys_at_the_margin(text: str, keys: set[str] | None) -> None:
    assert top_keys(text) == keys


LINES = st.sampled_from(
    ["id: A", "toxic: x", "a: 1", "  b: 2", "  - c", "vars:", "d: |", "  text: of it", "# said",
     "e: {f: 1}", "- g", "? h", "i: 'j'", "k: [l,", "  m]", "", "...", "---", "n: &o p", "q: *o",
     'r: "s', '  t"', 'u: "v]"', "w: 'x", "y: don't", "  z'", "a: [{", "}]", "  }]", "# it's",
     "b: 'c''d'", 'e: "f\\" g', "h: - i", "  j: 'k"]
)  # fmt: skip


@given(st.lists(LINES, max_size=8))
def test_whatever_the_parser_takes_has_these_keys(lines: list[str]) -> None:
    text = "\n".join(lines)
    keys = top_keys(text)
    try:
        data = read_yaml(text, "one.yaml", "/").data
    except InputTrouble:
        return
    assert keys is None or keys == set(data)
