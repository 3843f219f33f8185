"""Shelf: find a toxic's class by its kind in the package the process was given."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hormesis.words.shaper import Toxic

_KIND = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


def toxic_of(package: str, kind: str, stream: str | None, attributes: Mapping[str, Any]) -> Toxic:
    """Return the toxic *kind* with *attributes*, written as in files: ``{"delay": "200ms"}``.

    Raises:
        ValueError: there is no such toxic, or an attribute is not what it should be.
    """
    stem = kind.replace("-", "_")
    if not _KIND.fullmatch(kind):
        raise ValueError(f"expected the kind of a toxic, found {kind!r}")
    try:
        module = importlib.import_module(f"{package}.{stem}")
    except ModuleNotFoundError as trouble:
        raise ValueError(f"there is no toxic {kind!r}") from trouble
    for found in vars(module).values():
        if isinstance(found, type) and issubclass(found, Toxic) and _is_own(found, module.__name__):
            given = dict(attributes) if stream is None else {**attributes, "stream": stream}
            return _checked(found, given)
    raise ValueError(f"there is no toxic {kind!r}")


def _is_own(found: type, module: str) -> bool:
    return found.__module__ == module


def _checked(toxic: type[Toxic], given: Mapping[str, Any]) -> Toxic:
    try:
        return toxic.model_validate(given)
    except ValidationError as trouble:
        first = trouble.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or toxic.kind
        why = first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{toxic.kind}: {where}: {why}") from trouble
