"""Target lacks: a suite is refused because of what the target file does not have, told there.

The scenarios are right: it would mislead to tell what they lack by places in the suite's own files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hormesis.compose.lack import Lack, missing_in
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import suite_names
from hormesis.words.trouble import Place, Problem

_SHOWN = 3


@dataclass
class TargetLacks:
    """Gathers what a target file lacks for scenarios, each thing once."""

    _concerned: dict[Lack, list[str]] = field(default_factory=dict)
    _asked: dict[Lack, Place | None] = field(default_factory=dict)
    _request: RunRequest | None = None
    _refused: int = 0

    def take(
        self, name: str, request: RunRequest, problems: Sequence[Problem]
    ) -> Sequence[Problem]:
        """Return those of the *problems* of the scenario *name* that are no lacks of its target.

        What else is wrong where a name is missing is most often its consequence; what stands in
        the target file itself is not.
        """
        if request.system is None:
            return problems
        found = {lack: one.place for one in problems if (lack := missing_in(one)) is not None}
        own = [
            one
            for one in problems
            if one.place is not None and Path(one.place.file) == request.system
        ]
        if own or not found:
            return own or problems
        for lack, place in found.items():
            self._asked.setdefault(lack, place)
            self._concerned.setdefault(lack, []).append(name)
        self._refused += 1
        self._request = request
        return ()

    def problems(self, count: int) -> Iterator[Problem]:
        """Yield what the file lacks, and how many of *count* scenarios are refused for that."""
        request = self._request
        if request is None:
            return
        place = Place(str(request.system))
        for lack, names in self._concerned.items():
            few = ", ".join(names[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            asking = self._asked[lack]
            where = f", which {_near(asking)} asks for" if asking else ""
            message = f"it lacks {lack.what}{where} ({few}{more})"
            yield Problem(message, place, hint=lack.next_step)
        yield Problem(
            f"{self._refused} of {count} scenarios cannot be run on it",
            place,
            hint=f"see `hormesis doctor --target {request.system} --suite {_suite_of(request)}`",
        )


def _suite_of(request: RunRequest) -> str:
    """Return the name of the bundled suite, or the folder, in which the file stands."""
    folder = request.file.parent
    bundled = suite_names().get(folder.name) == folder
    return request.suite or (folder.name if bundled else str(folder))


def _near(place: Place) -> str:
    """Return *place* with the last folder alone: the files of a suite lie deep."""
    path = Path(place.file)
    return str(Place(f"{path.parent.name}/{path.name}", place.line, place.column))
