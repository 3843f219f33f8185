"""Option form: which texts an option of a suite takes, by the type that it has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from hormesis.spec.address import url_address
from hormesis.words.units import seconds_from

OptionType = Literal["text", "number", "seconds", "duration", "url", "port"]
WEB = ("http", "https")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PORT_MAX = 65535
_EXPECTED: Mapping[str, str] = {
    "number": "a number",
    "seconds": "a number of seconds above 0, without a unit",
    "port": f"a port from 1 to {_PORT_MAX}",
}


def expectation(form: OptionType, text: str, schemes: Sequence[str] = WEB) -> str:
    """Return what *text* should have been to be of this *form*; empty when it is."""
    try:
        if form == "duration":
            seconds_from(text)
        elif form == "url":
            url_address(text, schemes)
        elif form != "text" and not _is_number(form, text):
            return _EXPECTED[form]
    except ValueError as error:
        return str(error).removeprefix("expected ")
    return ""


def _is_number(form: OptionType, text: str) -> bool:
    if _NUMBER.fullmatch(text) is None:
        return False
    if form == "port":
        return text.isdecimal() and 0 < int(text) <= _PORT_MAX
    return form == "number" or float(text) > 0
