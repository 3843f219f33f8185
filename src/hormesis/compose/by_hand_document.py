"""By-hand document: what a program gives instead of a file, as a document like any other.

Its problems name the line of the program that gave it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from hormesis.spec.did_you_mean import nearest
from hormesis.spec.document import Document, Spot, Steps, path_text
from hormesis.spec.included import TOP_KEYS
from hormesis.spec.locate import locate
from hormesis.words.trouble import InputTrouble, Place, Problem

_SYSTEM = ("vars", "overrides", "ports", "processes", "links", "volumes")
"""Keys of a system, which may stand at the top."""
_LIMITS = {"duration": "24h", "lease": "30s"}
"""What a program that steers a run is granted unless it says otherwise: it may wait for people,
and hold up the thread that plays the run."""
_FACETS = {
    "postgresql": "postgres", "postgres": "postgres", "redis": "redis", "rediss": "redis",
    "http": "http", "https": "http",
}  # fmt: skip
_OURS = ("hormesis", "_hormesis", "contextlib")
"""How the modules are called that stand between a program and what it asks for."""


def document_by_hand(given: Mapping[str, Any] | str | PurePath) -> tuple[Document, bool]:
    """Return *given*, an experiment or only its system, as an experiment's document.

    True when its system's keys stand at the top, which problems are to be told as.

    A system's keys may stand at the top. Without a target of that name, every process and link is
    a target by its own name; of a link whose upstream is a URL, the server behind it too.

    Raises:
        InputTrouble: a file cannot be read, or a value is none that a file could hold.
    """
    if isinstance(given, Mapping):
        spot, file = _caller()
        place = Place(file, spot.line, spot.column)
        document = Document(file, str(Path.cwd()), plain(given, place), {(): spot})
    else:
        document = locate(Path(given))
    data, lifted = _lifted(document.data)
    data.setdefault("title", "By hand")
    limits = data.get("limits", {})
    if isinstance(limits, dict):
        data["limits"] = {**_LIMITS, **limits}
    _name_targets(data)

    def moved(spots: Mapping[Steps, Spot]) -> dict[Steps, Spot]:
        ways = (("system", *way) if way and way[0] in lifted else way for way in spots)
        return dict(zip(ways, spots.values(), strict=True))

    document = replace(
        document, data=data, values=moved(document.values), keys=moved(document.keys)
    )
    return document, bool(lifted)


def fault_document(kind: str, target: str, fields: Mapping[str, Any]) -> Document:
    """Return one fault, as the program gives it, under the name of its kind.

    Raises:
        InputTrouble: a value is none that a file could hold.
    """
    spot, file = _caller()
    data = {"fault": kind, "target": target, **fields}
    held = {kind: plain(data, Place(file, spot.line, spot.column), (kind,))}
    return Document(file, str(Path.cwd()), held, {(): spot})


def plain(value: Any, place: Place, steps: Steps = ()) -> Any:
    """Return *value* as a file would hold it: mappings, lists, texts, numbers, truth values.

    Raises:
        InputTrouble: something in it cannot be written in a file; all of that is listed.
    """
    problems: list[Problem] = []
    written = _plain(value, place, steps, problems)
    if problems:
        raise InputTrouble(problems)
    return written


def _plain(value: Any, place: Place, steps: Steps, problems: list[Problem]) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): _plain(one, place, (*steps, str(key)), problems)
            for key, one in value.items()
        }
    if isinstance(value, str | PurePath):
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [_plain(one, place, (*steps, n), problems) for n, one in enumerate(value)]
    message = f"expected what a file can hold (text, number, list, mapping), found {value!r:.60}"
    problems.append(Problem(message, place, path_text(steps)))
    return None


def _lifted(data: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Return *data* with what stands at the top of its system below ``system``."""
    top = dict(data)
    names = frozenset(name for name in top if name != "vars" and _is_of_system(name))
    if not names or "system" in top:
        return top, frozenset()
    if "overrides" in names and "vars" in top:
        names |= {"vars"}
    top["system"] = {name: top.pop(name) for name in names}
    return top, names


def _is_of_system(name: str) -> bool:
    """Return whether the key *name* is a system's, or a misspelling of one."""
    if name in TOP_KEYS:
        return False
    return name in _SYSTEM or nearest(name, (*TOP_KEYS, *_SYSTEM)) in _SYSTEM


def _name_targets(data: dict[str, Any]) -> None:
    """Let every process and link without a target of its name be one."""
    system = data.get("system")
    if not isinstance(system, dict) or any(key in system for key in ("use", "file")):
        return
    told = [one for one in (system.get("targets"), data.get("targets")) if one is not None]
    if not all(isinstance(one, dict) for one in told):
        return
    taken = {name for one in told for name in one}
    own: dict[str, dict[str, Any]] = {}
    for name, facets in _implied(system):
        if name not in taken:
            own.setdefault(name, {}).update(facets)
    if own:
        data["system"] = {**system, "targets": {**own, **(system.get("targets") or {})}}


def _implied(system: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    processes, links = system.get("processes"), system.get("links")
    for name in processes if isinstance(processes, dict) else ():
        yield name, {"process": name}
    for name, link in links.items() if isinstance(links, dict) else ():
        upstream = link.get("upstream") if isinstance(link, dict) else None
        scheme, sign, _ = str(upstream).partition("://")
        facet = _FACETS.get(scheme) if sign else None
        yield name, {"link": name, **({facet: upstream} if facet else {})}


def _caller() -> tuple[Spot, str]:
    """Return the line of the program that called the toolkit, and its file."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.f_back
    return Spot(frame.f_lineno, 1), frame.f_code.co_filename
