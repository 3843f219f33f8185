"""Variables: forms, precedence, types, escapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.spec.address import Address, address_in, redirected
from hormesis.spec.bindings import Bindings
from hormesis.spec.scalars import retyped
from hormesis.spec.template import Reference, parts_of
from tests.unit.spec.reading import read_text, troubles


def description(folder: Path, text: str, variables: str = "", **more: Any) -> str:
    file = f"title: T\nvars: {{{variables}}}\ndescription: '{text}'"
    return read_text(folder, file, **more).description


@pytest.mark.parametrize(
    ("text", "variables", "result"),
    [
        ("a ${b} c", "b: x", "a x c"),
        ("${b}${b}", "b: x", "xx"),
        ("${b:-other}", "b: ''", "other"),
        ("${b:-other}", "b: x", "x"),
        ("${b:-${c:-deep}}", "b: '', c: ''", "deep"),
        ("${b:-}", "b: ''", ""),
        ("$${b} $b $1 {{user.number}}", "b: x", "${b} $b $1 {{user.number}}"),
        ("${env.GIVEN}", "", "given"),
        ("${env.NOT_GIVEN:-else}", "", "else"),
        ("${env.EMPTY:-else}", "", "else"),
        ("${env.EMPTY}", "", ""),
        ("${run.dir} ${run.id} ${python}", "", "/run/dir abc123 python3"),
        ("${run.scratch}", "", "/tmp/scratch"),
        ("${b}", "b: '${c}', c: '${d}', d: end", "end"),
        ("${b}", "b: 1.10", "1.10"),
        ("${b}", "b: true", "true"),
        ("${b}", "b: null", ""),
    ],
)
def test_forms(tmp_path: Path, text: str, variables: str, result: str) -> None:
    assert description(tmp_path, text, variables) == result


def test_overrides_go_first(tmp_path: Path) -> None:
    system = "system: {vars: {a: s, b: s, c: s, d: s}}"
    text = f"title: T\n{system}\nvars: {{b: e, c: e}}\ndescription: ${{a}}${{b}}${{c}}${{d}}"
    assert read_text(tmp_path, text, overrides={"c": "o", "d": "${x}"}).description == "seo${x}"


def test_a_whole_reference_takes_the_type_that_is_wanted(tmp_path: Path) -> None:
    text = """title: T
vars: {n: 3, half: 0.5, code: 200, zip: "007", yes: true}
tracks:
  - {load: barrier, vus: "${n}", client: "a:${n}"}
  - {probe: ask, get: "${n}", expect: {status: "${code}", zip: "${zip}", up: "${yes}"}}
  - {probe: sql, query: "${code}"}
checks: [{never: duplicate, of: a, key: ["${n}", b]}]
"""
    it = read_text(tmp_path, text)
    ask, sql = (one.probe for one in it.probes)
    assert it.loads[0].load.vus == 3  # type: ignore[attr-defined]
    assert ask.get == "3"  # type: ignore[attr-defined]
    assert ask.expect == {"status": 200, "zip": "007", "up": True}
    assert sql.query == "200"  # type: ignore[attr-defined]
    assert it.checks[0].key == ["3", "b"]  # type: ignore[attr-defined]


def test_a_mapping_can_be_a_variable(tmp_path: Path) -> None:
    text = """title: T
vars: {think: {min: "${least}", max: 2s}, least: 1s}
tracks:
  - load: barrier
    vus: 1
    client: {http: b, steps: [{name: a, think: "${think}"}]}
"""
    step = read_text(tmp_path, text).loads[0].client.steps[0]  # type: ignore[attr-defined]
    assert (step.think.min, step.think.max) == (1.0, 2.0)
    [problem] = troubles(tmp_path, text.replace("least: 1s", "least: 1"))
    assert problem.startswith("it.yaml:6:48: tracks[0].client.steps[0].think.min: expected a dur")
    [cycle, *_] = troubles(tmp_path, text.replace("least: 1s", "least: '${think}'"))
    assert "expected" in cycle


def test_ports_are_asked_once_each_in_order(tmp_path: Path) -> None:
    asked: list[str] = []
    text = """title: T
system:
  ports: [b, a]
  links: {z: {upstream: "127.0.0.1:${port.a}"}, y: {upstream: "h:1"}}
description: ${port.a} ${port.a} ${link.z.port} ${link.z.host} ${link.z.address} ${link.y.url}
"""

    def port_of(name: str) -> int:
        asked.append(name)
        return 30000 + len(asked)

    it = read_text(tmp_path, text, bindings=Bindings("", "", "", "", port_of))
    assert asked == ["b", "a", "link.z", "link.y"]
    assert it.description == "30002 30002 30003 127.0.0.1 127.0.0.1:30003 127.0.0.1:30004"
    assert it.attached_addresses == ("h:1",)


@given(st.text(alphabet="ab${}:-. ", max_size=30))
def test_templates_never_raise_anything_but_value_error(text: str) -> None:
    try:
        parts = parts_of(text)
    except ValueError as error:
        assert "expected" in str(error)
    else:
        assert all(isinstance(part, str | Reference) for part in parts)


@given(st.text(max_size=30))
def test_plain_text_stays(text: str) -> None:
    if "${" not in text:
        assert "".join(map(str, parts_of(text))) == text
    assert "".join(map(str, parts_of(text.replace("${", "$${")))) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-3", -3), ("0.5", 0.5), ("true", True), ("false", False),
        ("007", "007"), ("1.10", "1.10"), ("1e3", "1e3"), ("", ""), ("null", "null"),
        ("True", "True"), ("0x10", "0x10"), ("+3", "+3"), ("no", "no"), ("9" * 400, "9" * 400),
    ],
)  # fmt: skip
def test_retyped(text: str, value: object) -> None:
    assert retyped(text) == value
    assert type(retyped(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "address", "moved"),
    [
        ("h:1", "h:1", "x:2"),
        ("http://h/p?q#f", "h:80", "http://x:2/p?q#f"),
        ("https://u:p@h:8/", "h:8", "https://u:p@x:2/"),
        ("postgresql://u@[::1]/d?a=b", "[::1]:5432", "postgresql://u@x:2/d?a=b"),
        ("redis://h/3", "h:6379", "redis://x:2/3"),
        ("host=h dbname=d", "h:5432", "host=x dbname=d port=2"),
        ("host=h port=9 password='a b'", "h:9", "host=x port=2 password='a b'"),
    ],
)
def test_addresses(text: str, address: str, moved: str) -> None:
    assert str(address_in(text)) == address
    assert redirected(text, Address("x", 2)) == moved
