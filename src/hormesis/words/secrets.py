"""Secrets: which values must not be shown, and how they are masked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hormesis.words.shown_address import MASK, is_readable, shown_address

__all__ = ["MASK", "looks_secret", "masked", "masked_command", "masked_data", "passwords_masked"]

_NAME = re.compile(
    r"(^|[^a-z])(token|password|passwd|secret|credentials?|api[_-]?key)s?($|[^a-z])", re.IGNORECASE
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"`<>]*", re.IGNORECASE)
_USER = re.compile(r"(://[^/@\s:]*:)(.+)(@)")
_WORD = re.compile(
    r"(\b(?:ssl)?(?:password|passwd|passfile)\s*=\s*)('(?:[^'\\]|\\.)*'|(?:[^\s\\]|\\.)+)",
    re.IGNORECASE,
)
_SHORTEST = 4


def looks_secret(name: str) -> bool:
    """Return whether a variable or key called *name* holds something not to be shown."""
    return _NAME.search(name) is not None


def masked(variables: Mapping[str, str]) -> dict[str, str]:
    """Return *variables* with secrets masked, wherever else their values appear too."""
    secret = [value for name, value in variables.items() if looks_secret(name) and value]
    shown: dict[str, str] = {}
    for name, value in variables.items():
        if looks_secret(name):
            shown[name] = MASK if value else ""
            continue
        for hidden in secret:
            if len(hidden) >= _SHORTEST:
                value = value.replace(hidden, MASK)
        shown[name] = passwords_masked(value)
    return shown


def masked_data(data: Any, *, secret: bool = False) -> Any:
    """Return plain *data* with the values of secret keys and passwords in URLs masked."""
    if isinstance(data, dict):
        return {key: masked_data(one, secret=looks_secret(key)) for key, one in data.items()}
    if isinstance(data, list):
        return [masked_data(one, secret=secret) for one in data]
    if isinstance(data, str):
        hidden = secret and data and not data.startswith("${")
        return MASK if hidden else passwords_masked(data)
    return MASK if secret and data is not None and not isinstance(data, bool) else data


def masked_command(words: Sequence[str]) -> list[str]:
    """Return a command line with the values of secret options masked."""
    shown: list[str] = []
    hide = False
    for word in words:
        name, sign, value = word.partition("=")
        if hide:
            shown.append(MASK)
        elif sign and value and looks_secret(name):
            shown.append(f"{name}={MASK}")
        else:
            shown.append(passwords_masked(word))
        hide = not hide and not sign and word.startswith("-") and looks_secret(word)
    return shown


def passwords_masked(text: str) -> str:
    """Return *text* with the passwords of URLs and connection strings in it masked.

    Of an address alone :func:`shown_address` knows more: where it begins and where it ends.
    """
    return _WORD.sub(rf"\g<1>{MASK}", _URL.sub(_url_masked, text))


def _url_masked(found: re.Match[str]) -> str:
    url = found[0]
    if "@" in url and is_readable(url):
        return shown_address(url)
    # Up to the last @, whatever is between: a password may hold what should have been escaped.
    return _USER.sub(rf"\g<1>{MASK}\g<3>", url)
