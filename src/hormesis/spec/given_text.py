"""Given text: the text of a variable that remembers by which words the user gave it."""

from __future__ import annotations

import re

from hormesis.words.secrets import MASK, masked

_USER = re.compile(r"(\w:)[^/:@\s]+@")


class GivenText(str):
    """A text with the words that gave it, such as ``--users 5`` or ``USERS=5``.

    ``expected`` is what it should have been, and empty when it is that: whoever takes the text for
    something tells it, because what nobody takes may be anything.
    """

    said: str
    expected: str

    def __new__(cls, text: str = "", said: str = "", expected: str = "") -> GivenText:
        made = super().__new__(cls, text)
        made.said, made.expected = said, expected
        return made


def words_of(name: str, text: str) -> str:
    """Return the words by which *text* was given to the variable *name*."""
    if isinstance(text, GivenText) and text.said:
        return text.said
    return f"--set {name}={shown(name, text)}"


def shown(name: str, text: str) -> str:
    """Return *text*, given for *name*, as it may be shown, even if it is an address gone wrong."""
    return _USER.sub(rf"\g<1>{MASK}@", masked({name: text})[name])
