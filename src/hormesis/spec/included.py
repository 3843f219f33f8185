"""Included: an experiment's file together with the files it includes, as one list of tops.

Included files come first, in the order they are named, each once. Lists of later files are added
to those of earlier ones, mappings are merged by name, and of anything else the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from os.path import normpath
from pathlib import Path

from hormesis.spec.document import Document
from hormesis.spec.known_keys import with_known_keys
from hormesis.spec.locate import locate
from hormesis.spec.node import Node, Problems
from hormesis.words.trouble import InputTrouble

TOP_KEYS = (
    "include", "title", "id", "description", "tags", "seed", "vars", "variants", "skip", "system",
    "targets", "prepare", "finish", "on_fail", "steady_state", "stop_when", "end_when", "tracks",
    "final", "checks", "thresholds", "limits",
)  # fmt: skip
_FILES_MAX = 50


@dataclass
class Included:
    """The tops of all files, in order; the experiment's own is the last."""

    problems: Problems
    tops: list[Node] = field(default_factory=list)
    _seen: dict[str, bool] = field(default_factory=dict)
    """Every file met, and whether reading it has ended."""

    def read(self, path: Path, written: Document | None = None) -> Included:
        """Read *path*, or take what was *written* out of it, and everything it includes.

        Raises:
            InputTrouble: *path* itself cannot be read.
        """
        self._add(written or locate(path), path)
        return self

    @property
    def own(self) -> Node:
        """Return the top of the experiment's own file."""
        return self.tops[-1]

    def last(self, key: str) -> Node | None:
        """Return the value of *key* in the last file that has it."""
        found = list(self.each(key))
        return found[-1] if found else None

    def each(self, key: str) -> Iterator[Node]:
        """Yield the value of *key* in every file that has it, in order."""
        for top in self.tops:
            if top.has(key) and top.value[key] is not None:
                yield top.under(key)

    def elements(self, key: str) -> Iterator[Node]:
        """Yield the elements of the lists under *key* of all files."""
        for node in self.each(key):
            if isinstance(node.value, list):
                yield from node.elements()
            else:
                self.problems.expected(node, "a list")

    def _add(self, document: Document, path: Path) -> None:
        self._seen[normpath(path.absolute())] = False
        top = with_known_keys(Node(document, document.data), TOP_KEYS, self.problems)
        if top.has("include"):
            include = top.under("include")
            several = isinstance(include.value, list)
            for named in include.elements() if several else [include]:
                self._include(named)
        self.tops.append(top)
        self._seen[normpath(path.absolute())] = True

    def _include(self, named: Node) -> None:
        name = named.value
        if not isinstance(name, str) or not name or "${" in name:
            self.problems.expected(named, "the path of a file, without variables")
            return
        path = Path(named.document.folder) / name
        ended = self._seen.get(normpath(path.absolute()))
        if ended is False:
            self.problems.expected(named, "a file that does not include itself")
        if ended is not None:
            return
        if len(self._seen) >= _FILES_MAX:
            self.problems.add(named, f"expected at most {_FILES_MAX} files, found more")
            return
        try:
            document = locate(path)
        except InputTrouble as trouble:
            for problem in trouble.problems:
                if problem.place is None or not problem.place.line:
                    self.problems.add(named, problem.message, problem.hint)
                else:
                    self.problems.put(problem)
            return
        self._add(document, path)
