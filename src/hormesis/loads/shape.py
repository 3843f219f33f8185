"""A closed model whose number of users is what code says, second by second."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator

from hormesis.loads.parts.tick_shape import checked_shape, tick_of
from hormesis.words import load as words
from hormesis.words.units import Span


class Shape(words.Load):
    """Keep as many virtual users busy as a class of your own says, second by second.

    The class is one of Locust's ``LoadTestShape`` protocol: once a second its ``tick()`` returns
    how many users there should be and how many per second may join or leave, or None to end the
    load. ``get_run_time()`` tells it the seconds since the start, ``get_current_user_count()``
    the number of users. With ``--time-scale`` both its time and its rates are scaled.
    """

    also_called: ClassVar[Mapping[str, str]] = {"use": "shape"}

    use: str = Field(validation_alias="shape", serialization_alias="shape")
    """The class: ``path/to/file.py:Class``, from the experiment's folder, or ``module:Class``."""
    max_duration: Span = Field(default=3600.0, gt=0)
    """When the load ends although the class goes on; scaled by ``--time-scale``."""

    _folder: Path = PrivateAttr(default=Path())
    _scale: float = PrivateAttr(default=1.0)

    @field_validator("use")
    @classmethod
    def _names_a_class(cls, use: str, info: ValidationInfo) -> str:
        return checked_shape(use, _folder_of(info.context))

    def model_post_init(self, context: Any, /) -> None:
        """Keep the folder that a relative path starts from, and the scale of time."""
        self._folder = _folder_of(context)
        if isinstance(context, dict):
            self._scale = float(context.get("time_scale", 1.0))

    def shape(self) -> words.Shape:
        """Return a shape that asks the class; its code runs when the load begins."""
        make = partial(tick_of, self.use, self._folder, self._scale)
        return words.Ticked(make=make, duration_s_max=self.max_duration)


def _folder_of(context: Any) -> Path:
    folder = context.get("folder") if isinstance(context, dict) else None
    return Path(folder) if folder else Path.cwd()
