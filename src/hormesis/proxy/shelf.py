"""Shelf: find a toxic's class by its kind, in the package given or in an installed plugin."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from hormesis.words.shaper import Toxic

_KIND = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


def toxic_of(package: str, kind: str, stream: str | None, attributes: Mapping[str, Any]) -> Toxic:
    """Return the toxic *kind* with *attributes*, written as in files: ``{"delay": "200ms"}``.

    Raises:
        ValueError: there is no such toxic, or an attribute is not what it should be.
    """
    if not _KIND.fullmatch(kind):
        raise ValueError(f"expected the kind of a toxic, found {kind!r}")
    given = dict(attributes) if stream is None else {**attributes, "stream": stream}
    return _checked(_class_of(package, kind), given)


def is_kind(package: str, kind: str) -> bool:
    """Return whether there is a toxic *kind*."""
    try:
        return bool(_KIND.fullmatch(kind) and _class_of(package, kind))
    except ValueError:
        return False


def _class_of(package: str, kind: str) -> type[Toxic]:
    """Return the class from the package, or from an entry point of the group of that name."""
    name = f"{package}.{kind.replace('-', '_')}"
    try:
        found = list(vars(importlib.import_module(name)).values())
    except ModuleNotFoundError as trouble:
        if trouble.name not in (name, package):
            raise
        found = [point.load() for point in entry_points(group=package, name=kind)]
        name = ""
    for one in found:
        if isinstance(one, type) and issubclass(one, Toxic) and name in ("", one.__module__):
            return one
    raise ValueError(f"there is no toxic {kind!r}")


def _checked(toxic: type[Toxic], given: Mapping[str, Any]) -> Toxic:
    try:
        return toxic.model_validate(given)
    except ValidationError as trouble:
        first = trouble.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or toxic.kind
        why = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{toxic.kind}: {where}: {why}") from trouble
