"""What no committed text says: places of one machine, hosts of registries, how it was made."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.tidy.rules.source import Problem, Source

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![\w.}])/(work|root|home/\w+|Users/\w+)/\w"), "a path of one machine"),
    (
        re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|crates\.io|--(extra-)?index-url"),
        "a registry host; which index is used is the user's setting",
    ),
    (
        re.compile(r"\b(AI|LLM|LLMs|chatbot|Claude|Copilot)\b|(?<![Uu]ser[- ])\b[Aa]gents?\b"),
        "text about how the code was written; say what the code does",
    ),
    (
        re.compile(r"\b(this|last|next|work|working) session\b", re.IGNORECASE),
        "text about how the code was written; say what the code does",
    ),
)
OWN = ("tests/tidy/rules/wording.py", "tests/tidy/test_wording.py", "LICENSE")


def wording_problems(source: Source) -> Iterator[Problem]:
    """Yield lines that speak of a machine, a registry or the making of the code."""
    if source.path in OWN:
        return
    for number, line in enumerate(source.lines, 1):
        for pattern, why in PATTERNS:
            if match := pattern.search(line):
                yield source.problem(number, f"{match[0]!r}: {why}")
