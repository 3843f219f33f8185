"""Each kind has its page in docs/reference, and it says what the code says now."""

from __future__ import annotations

import pytest

from docs import generate
from tests.tidy.rules.living import page_problems


def test_the_reference_is_up_to_date() -> None:
    problems = [str(one) for one in page_problems(generate.pages(), generate.committed())]
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def test_each_field_of_each_kind_is_told() -> None:
    silent = [
        f"{path}: {row.split('|')[1].strip()} has no text; write a docstring beneath the field"
        for path, text in generate.pages().items()
        for row in text.splitlines()
        if row.startswith("| `") and row.endswith("|  |")
    ]
    if silent:
        pytest.fail("\n".join(silent), pytrace=False)
