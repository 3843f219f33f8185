"""Said: what a test tells its report, which takes it to the JUnit file and from xdist's workers."""

from __future__ import annotations

import pytest

PREFIX = "hormesis_"


class Said:
    """The properties of one test; each name stands there once."""

    def __init__(self, item: pytest.Item) -> None:
        self._properties = item.user_properties

    def put(self, name: str, value: object) -> None:
        """Say *value* under that name, instead of what was said before."""
        full = PREFIX + name
        self._properties[:] = [one for one in self._properties if one[0] != full]
        self._properties.append((full, str(value)))

    def get(self, name: str) -> str:
        """Return what was said under that name, empty when nothing was."""
        return next((str(v) for key, v in self._properties if key == PREFIX + name), "")

    def add(self, name: str, value: object, *, between: str = "\n") -> None:
        """Say *value* after what was said under that name."""
        before = self.get(name)
        self.put(name, f"{before}{between}{value}" if before else value)
