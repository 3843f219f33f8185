"""Place: where a virtual user is, and with which tags what it does there is recorded.

All users of a load share their places, so a label or a series is looked up once per place and
found by one look into a dictionary afterwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping

from hormesis.engine.loading.gathering import Gathering
from hormesis.words.metric import MetricSort

SEPARATOR = "::"
"""What k6 writes before each name of a group's path."""
REMEMBERED_MAX = 20_000
"""How many labels or series a place remembers, so that ever new names do not fill the memory."""

_numbers = itertools.count(1).__next__


class Place:
    """The load itself, or a group in it; the path of a group is ``::outer::inner``."""

    __slots__ = (
        "_gathering", "_inner", "adders", "group", "labels", "number", "oks", "tags", "took",
    )  # fmt: skip

    def __init__(self, gathering: Gathering, tags: Mapping[str, str], group: str = "") -> None:
        self.number = _numbers()
        self.group = group
        self.tags: Mapping[str, str] = {**tags, "group": group} if group else dict(tags)
        self.oks: dict[str, int] = {}
        """The codes of labels of operations that went well, by name."""
        self.labels: dict[tuple[str, ...], int] = {}
        """The codes of the other labels that were asked for."""
        self._gathering = gathering
        self._inner: dict[str, Place] = {}
        self.adders: dict[object, Callable[[float], None]] = {}
        """What adds a value: to a check by its name, to another series by metric, sort and tags."""
        self.took: Callable[[float], None] | None = None
        if group:
            self.took = self.adder(MetricSort.TREND, "group_duration")

    def inner(self, name: str) -> Place:
        """Return the place of the group *name* in this one.

        Raises:
            ValueError: the name holds the separator of paths.
        """
        made = self._inner.get(name)
        if made is None:
            if SEPARATOR in name:
                raise ValueError(f"expected a group's name without {SEPARATOR}, found {name!r}")
            path = f"{self.group}{SEPARATOR}{name}"
            made = self._inner[name] = Place(self._gathering, self.tags, path)
        return made

    def checked(self, name: str) -> Callable[[float], None]:
        """Return what counts a check, 1 passed and 0 not."""
        add = self.adders.get(name)
        if add is None:
            add = self.adder(MetricSort.RATE, "checks", {"check": name})
            self._remember(name, add)
        return add

    def adder(
        self, sort: MetricSort, metric: str, tags: Mapping[str, str] | None = None
    ) -> Callable[[float], None]:
        """Return what adds a value to a metric, with the tags of the place.

        Raises:
            ValueError: the metric is of another sort already.
        """
        key = (metric, sort._value_, tuple(tags.items()) if tags else ())
        add = self.adders.get(key)
        if add is None:
            every = {**self.tags, **tags} if tags else self.tags
            add = self._gathering.series(sort, metric, every).add
            self._remember(key, add)
        return add

    def _remember(self, key: object, add: Callable[[float], None]) -> None:
        if len(self.adders) < REMEMBERED_MAX:
            self.adders[key] = add
