"""``Kind``: the base of everything that stands on a shelf.

A shelf is a folder whose file stems are the kinds' names in configuration. A kind is pure data: a
frozen pydantic model whose fields are its parameters with their units, whose docstring is its
documentation, and whose methods compute but never act.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

Scalar = str | int | float | bool | None
"""A value that fits in one cell of a table and in JSON."""
OR_TEXT = "x-or-text"
"""Key in the JSON schema of a mapping: a text may stand in its place, and its value is one."""


class Kind(BaseModel):
    """A named, configurable thing on a shelf."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)

    kind: ClassVar[str] = ""
    """The configuration name: the stem of the file that defines the class, with dashes."""

    driver: ClassVar[str] = ""
    """The module that it needs beyond the base installation: ``psycopg``."""
    extra: ClassVar[str] = ""
    """The extra that brings the driver: ``hormesis[postgres]`` is ``postgres``."""

    told_elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Fields that :meth:`describe` leaves out, because they are shown beside it."""

    shorthand: ClassVar[str] = ""
    """The field that a bare value fills: ``client: a.py:C`` means ``{python: a.py:C}``."""

    also_called: ClassVar[Mapping[str, str]] = {}
    """Other spellings that files may use for a key, such as k6's: ``{"maxVUs": "vus"}``."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.kind = cls.__module__.rpartition(".")[2].replace("_", "-")

    def describe(self) -> str:
        """Return one line for the plan and the report: what is set, written as in files."""
        given = self.model_dump(
            mode="json", by_alias=True, include=self.model_fields_set - self.told_elsewhere
        )
        told = ", ".join(f"{name}={_brief(value)}" for name, value in sorted(given.items()))
        return f"{self.kind}({told})" if told else self.kind


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"
