from __future__ import annotations

from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.clients.steps.template import Template, Values, filled, text_of, unknown_names


def values(**variables: Any) -> Values:
    return Values(3, "claims", Random(1), iteration=9, repetition=2, variables=variables)


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("plain", "plain"),
        ("bot-{{user.number}}", "bot-3"),
        ("{{ user.load }}/{{iteration}}/{{repetition}}", "claims/9/2"),
        ("{{attempt}}", 4),
        ("no {{attempt}}!", "no 4!"),
        ("{{nothing}}", None),
        ("<{{nothing}}>", "<>"),
        ({"a": ["{{attempt}}", {"b-{{job}}": True}]}, {"a": [4, {"b-j1": True}]}),
        ("{{whole}}", {"x": [1]}),
        ("as text {{whole}}", 'as text {"x": [1]}'),
        ("{{flag}} as {{flag}}", "true as true"),
        (12, 12),
        (None, None),
    ],
)
def test_rendering(source: Any, wanted: Any) -> None:
    given_values = values(attempt=4, job="j1", whole={"x": [1]}, flag=True)
    assert Template(source).render(given_values) == wanted


def test_a_whole_text_keeps_its_type() -> None:
    assert Template("{{attempt}}").render(values(attempt=4)) is not True
    assert type(Template("{{attempt}}").render(values(attempt=4))) is int


def test_random_and_uuid_come_from_the_users_stream() -> None:
    first = Template(["{{random.10}}", "{{uuid}}"]).render(values())
    assert first == Template(["{{random.10}}", "{{uuid}}"]).render(values())
    assert 0 <= first[0] < 10
    assert UUID(first[1]).version == 4


def test_names_leave_built_in_ones_out() -> None:
    assert Template({"{{a}}": ["{{user.number}} {{b.c}}", "{{random.5}}"]}).names == {"a", "b.c"}


@pytest.mark.parametrize("source", ["{{", "{{ }}", "a {{1x}}", {"k": ["{{job"]}, "{{a b}}"])
def test_braces_that_are_no_reference_are_refused(source: Any) -> None:
    with pytest.raises(ValueError, match="expected a reference"):
        Template(source)


def test_parts_of_a_path_are_quoted_but_a_whole_one_is_not() -> None:
    path = filled("/jobs/{{job}}?of={{job}}", lambda text: quote(text, safe=""))
    assert path(values(job="a/b c")) == "/jobs/a%2Fb%20c?of=a%2Fb%20c"
    assert filled("{{next}}", quote)(values(next="/a?b=c d")) == "/a?b=c d"


def test_unknown_names_are_told_with_a_guess() -> None:
    assert unknown_names({"jib"}, {"job"}) == ["no variable 'jib'; did you mean job?"]
    assert unknown_names({"user.numbr"}, set())[0].endswith("did you mean user.number?")
    assert "known are" in unknown_names({"qqqq"}, {"job"})[0]
    assert unknown_names({"job"}, {"job"}) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="abc }{").filter(
        lambda text: "{{" not in text
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet="ab"), inner),
)


@given(json_values)
def test_what_holds_no_reference_is_rendered_unchanged(source: Any) -> None:
    assert Template(source).render(values()) == source


@given(st.text())
def test_any_text_compiles_or_is_refused(source: str) -> None:
    try:
        rendered = Template(source).text(values())
    except ValueError:
        assert "{{" in source
    else:
        assert isinstance(rendered, str)


def test_text_of_scalars() -> None:
    assert [text_of(one) for one in ("a", None, True, 1.5)] == ["a", "", "true", "1.5"]
