"""Template: the parts of a text with ``${name}`` and ``${name:-default}`` in it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*?(?=\}|:-)")
_DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class Reference:
    """One ``${name:-default}``; ``default`` is None when there is none."""

    name: str
    default: tuple[str | Reference, ...] | None = None


Parts = tuple[str | Reference, ...]


def parts_of(text: str) -> Parts:
    """Split *text* into plain texts and references; ``$${`` stands for a plain ``${``.

    Raises:
        ValueError: a reference is not closed or has no proper name.
    """
    return _parts(text, 0, depth=0)[0]


def _parts(text: str, start: int, *, depth: int) -> tuple[Parts, int]:
    if depth > _DEPTH_MAX:
        raise ValueError(f"expected at most {_DEPTH_MAX} defaults within each other")
    parts: list[str | Reference] = []
    plain = ""
    index = start
    while index < len(text):
        if text.startswith("$${", index):
            plain += "${"
            index += 3
        elif text.startswith("${", index):
            if plain:
                parts.append(plain)
            plain = ""
            reference, index = _reference(text, index, depth)
            parts.append(reference)
        elif depth and text[index] == "}":
            break
        else:
            plain += text[index]
            index += 1
    if plain:
        parts.append(plain)
    return tuple(parts), index


def _reference(text: str, start: int, depth: int) -> tuple[Reference, int]:
    shown = text[start : start + 20]
    name = _NAME.match(text, start + 2)
    if name is None:
        raise ValueError(f"expected ${{name}} or ${{name:-default}}, found {shown!r}")
    index = name.end()
    default: Parts | None = None
    if text[index] == ":":
        default, index = _parts(text, index + 2, depth=depth + 1)
        if index >= len(text):
            raise ValueError(f"expected a closing }} of {shown!r}")
    return Reference(name[0], default), index + 1
