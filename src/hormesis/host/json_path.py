"""Dotted paths into JSON answers: ``job.id``, ``items.0.name``."""

from __future__ import annotations

from typing import Any


class Missing(LookupError):
    """The answer has nothing at that path."""


def checked_path(path: str) -> str:
    """Return *path* when it can be one.

    Raises:
        ValueError: a part is empty.
    """
    if not path or any(not part for part in path.split(".")):
        raise ValueError(f"expected a dotted path such as job.id, found {path!r}")
    return path


def at_path(data: Any, path: str) -> Any:
    """Return what stands at *path* in decoded JSON; numbers index lists, from 0.

    A key that itself holds dots is found as well, when the whole rest of the path is that key.

    Raises:
        Missing: nothing stands there; the message names the first part that is not there.
    """
    here = data
    parts = path.split(".")
    for index, part in enumerate(parts):
        rest = ".".join(parts[index:])
        if isinstance(here, dict) and part in here:
            here = here[part]
        elif isinstance(here, dict) and rest in here:
            return here[rest]
        elif isinstance(here, list) and part.isdecimal() and int(part) < len(here):
            here = here[int(part)]
        else:
            raise Missing(f"nothing at {'.'.join(parts[: index + 1])!r} in the answer")
    return here
