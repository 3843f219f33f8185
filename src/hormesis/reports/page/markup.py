"""Markup: HTML that is escaped unless it says that it already is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Any

_VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})


class Markup(str):
    """Text that is HTML already; every other text is escaped when it enters an element."""

    __slots__ = ()


Content = str | Iterable["Content"] | None
"""Text, Markup, or any nesting of these; None is nothing."""


def element(tag: str, *content: Content, **attributes: str | bool | int | None) -> Markup:
    """Return an element; ``cls`` means class, underscores in names become dashes.

    Attributes that are None or False are left out; True gives a bare attribute.
    """
    told = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{told}>")
    return Markup(f"<{tag}{told}>{joined(*content)}</{tag}>")


def joined(*content: Content) -> Markup:
    """Return all content one after the other, escaped."""
    return Markup("".join(_flat(content)))


def data_script(id: str, value: Any) -> Markup:
    """Return a script element that holds JSON and cannot be broken out of."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    safe = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return Markup(f'<script type="application/json" id="{escape(id)}">{safe}</script>')


def _attribute(name: str, value: str | bool | int | None) -> str:
    if value is None or value is False:
        return ""
    name = "class" if name == "cls" else name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def _flat(content: Content) -> Iterable[str]:
    if content is None:
        return
    if isinstance(content, Markup):
        yield content
    elif isinstance(content, str):
        yield escape(content)
    else:
        for one in content:
            yield from _flat(one)
