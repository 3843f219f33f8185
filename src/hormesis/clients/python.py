"""Virtual users written in Python."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator

from hormesis.clients.code.blocking import AsyncClient, BlockingClient
from hormesis.clients.code.reference import checked, loaded
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.trouble import InputTrouble


class Python(ClientKind):
    """Virtual users of a class of your own.

    The class is called with the ``User`` and the options under ``with``. Its ``iterate`` is one
    unit of work; ``open`` and ``close`` may be left out. When ``iterate`` is a plain function, it
    runs in a thread of its user's own and may block; there ``user.op`` is a plain ``with``.
    """

    model_config = ConfigDict(populate_by_name=True)
    shorthand: ClassVar[str] = "use"

    use: str
    """The class: ``path/to/file.py:Class``, from the experiment's folder, or ``module:Class``."""
    with_: dict[str, Any] = Field(
        default_factory=dict, validation_alias="with", serialization_alias="with"
    )
    """Keyword options for the class."""

    _folder: Path = PrivateAttr(default=Path())

    @field_validator("use")
    @classmethod
    def _names_a_client(cls, use: str, info: ValidationInfo) -> str:
        checked(use, _folder_of(info.context))
        return use

    def model_post_init(self, context: Any, /) -> None:
        """Keep the folder that a relative path starts from."""
        self._folder = _folder_of(context)

    def describe(self) -> str:
        """Return the class; options may hold secrets, so only their names are told."""
        options = f" with {', '.join(self.with_)}" if self.with_ else ""
        return f"python({self.use}{options})"

    def make(self, user: User) -> Client:
        """Return one virtual user.

        Raises:
            InputTrouble: the class cannot be loaded, or does not take the options.
        """
        try:
            thing = loaded(self.use, self._folder)
            inspect.signature(thing).bind(user, **self.with_)
        except (ValueError, TypeError, ImportError) as error:
            raise InputTrouble(f"client {self.use}: {error}") from error
        if inspect.iscoroutinefunction(thing.iterate):
            return AsyncClient(thing(user, **self.with_))
        return BlockingClient(lambda own: thing(own, **self.with_), user)


def _folder_of(context: Any) -> Path:
    folder = context.get("folder") if isinstance(context, dict) else None
    return Path(folder) if folder else Path.cwd()
