"""Claim window: the words behind a claim that say which stretch of the run it is about.

``during(F)``, ``after(F)``, ``before(F)`` and ``outside(F)`` name a fault; ``last 10s`` is the end
of the tracks, ``worst 10s`` the worst of all stretches of that length.
"""

from __future__ import annotations

import re

FAULT_WINDOWS = ("during", "after", "before", "outside")
LENGTHS = ("last", "worst")

_FAULT = re.compile(
    rf"\s+(?P<word>{'|'.join(FAULT_WINDOWS)})\s*"
    r"""(?:\(\s*["']?(?P<inside>[^()"']+?)["']?\s*\)|\s(?P<bare>[\w.*-]+))$"""
)
_LENGTH = re.compile(
    rf"\s+(?P<word>{'|'.join(LENGTHS)})\s*"
    r"(?:\(\s*(?P<inside>[\d.]+\s?[a-z]\w*)\s*\)|\s(?P<bare>[\d.]+\s?[a-z]\w*))$"
)


def without_window(expression: str) -> tuple[str, dict[str, str]]:
    """Return *expression* without the words of its window, and those words with what they name.

    Raises:
        ValueError: a word is there twice.
    """
    words: dict[str, str] = {}
    text = expression.rstrip()
    while match := _FAULT.search(text) or _LENGTH.search(text):
        word = match["word"]
        if word in words:
            raise ValueError(f"expected {word} once, found it twice")
        words[word] = match["inside"] or match["bare"]
        text = text[: match.start()].rstrip()
    return text, words
