"""Virtual users written in Python."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, PrivateAttr, ValidationInfo, field_validator

from hormesis.clients.code.blocking import AsyncClient, BlockingClient
from hormesis.clients.code.reference import checked, loaded, parts_of
from hormesis.clients.code.script import Script, script_of
from hormesis.clients.virtual.function_user import user_of_function
from hormesis.clients.virtual.task import Choice
from hormesis.clients.virtual.user import HttpUser, User
from hormesis.host.http_origin import Origin
from hormesis.host.user_code import imported
from hormesis.words import client as words
from hormesis.words.client import Client, ClientKind
from hormesis.words.trouble import InputTrouble


class Python(ClientKind):
    """Virtual users of a class or function of your own, or all users of a script.

    A class derived from ``hormesis.load.User`` has tasks. Any other class is called with the
    ``User`` and the options under ``with``; its ``iterate`` is one unit of work, ``open`` and
    ``close`` may be left out. Of a function one call is one unit of work; it is called with an
    ``HttpUser``. What is no ``async`` function runs in a thread of its user's own and may block;
    there ``user.op`` is a plain ``with``.

    A file without a name stands for all users that it defines, in proportion to their weights.
    """

    model_config = ConfigDict(populate_by_name=True)
    shorthand: ClassVar[str] = "use"

    use: str
    """The class or function: ``path/to/file.py:Class``, from the experiment's folder, or
    ``module:function``; a file alone is a script.
    """
    with_: dict[str, Any] = Field(
        default_factory=dict, validation_alias="with", serialization_alias="with"
    )
    """Keyword options for the class; of a ``User``, attributes to set, such as ``base``."""
    base: str = ""
    """The URL that relative URLs of all ``HttpUser`` classes are added to; it goes before the one
    that they have themselves, as ``hormesis load --host`` does.
    """
    only: tuple[str, ...] = ()
    """Only tasks with one of these tags."""
    without: tuple[str, ...] = ()
    """No tasks with any of these tags."""

    _folder: Path = PrivateAttr(default=Path())
    _setup_data: Any = PrivateAttr(default=None)

    @field_validator("use")
    @classmethod
    def _names_a_client(cls, use: str, info: ValidationInfo) -> str:
        checked(use, _folder_of(info.context))
        return use

    @field_validator("base")
    @classmethod
    def _is_base(cls, base: str) -> str:
        if base:
            Origin.of(base)
        return base

    def model_post_init(self, context: Any, /) -> None:
        """Keep the folder that a relative path starts from."""
        self._folder = _folder_of(context)

    def describe(self) -> str:
        """Return the class; options may hold secrets, so only their names are told."""
        options = f" with {', '.join(self.with_)}" if self.with_ else ""
        return f"python({self.use}{options})"

    def make(self, user: words.User) -> Client:
        """Return one virtual user.

        Raises:
            InputTrouble: the class cannot be loaded, or does not take the options.
        """
        try:
            thing = loaded(self.use, self._folder)
            if isinstance(thing, ModuleType):
                thing = script_of(thing, self.use).user(user.number).made_by
            elif isinstance(thing, FunctionType):
                thing = user_of_function(thing)
            inspect.signature(thing).bind(user, **self.with_)
            if issubclass(thing, User):
                return self._scripted(thing, user)
        except (ValueError, TypeError, ImportError) as error:
            raise InputTrouble(f"client {self.use}: {error}") from error
        if inspect.iscoroutinefunction(thing.iterate):
            return AsyncClient(thing(user, **self.with_))
        return BlockingClient(lambda own: thing(own, **self.with_), user)

    @asynccontextmanager
    async def prepared(self, given: dict[str, Any]) -> AsyncIterator[ClientKind]:
        """Run the script's ``setup``, once however many loads are of it, and its ``teardown``.

        Raises:
            InputTrouble: it cannot be imported, or one of these functions raised.
        """
        script = self.script()
        function = script and (script.setup or script.teardown)
        if script is None or function is None:
            yield self
            return
        key = f"setup of {function.__module__}"
        if key in given:
            yield self.with_setup_data(given[key])
            return
        async with script.prepared() as data:
            given[key] = data
            yield self.with_setup_data(data)

    def with_setup_data(self, data: Any) -> Python:
        """Return it with what the script's ``setup`` returned, which its users then have.

        It travels to other processes, so it must be picklable.
        """
        made = self.model_copy()
        made._setup_data = data
        return made

    def script(self) -> Script | None:
        """Return the script that it is of; None when there is none: a class that has no setup.

        Raises:
            InputTrouble: it cannot be imported.
        """
        where, name = parts_of(self.use)
        try:
            thing = loaded(self.use, self._folder)
            module = imported(where, self._folder)
        except Exception as error:
            raise InputTrouble(f"client {self.use}: {type(error).__name__}: {error}") from error
        if name and isinstance(thing, type) and not issubclass(thing, User):
            return None
        return script_of(module, where)

    def _scripted(self, thing: type[User], user: words.User) -> Client:
        options = self.with_
        if self.base and issubclass(thing, HttpUser):
            options = {"base": self.base, **options}
        made = thing(user, **options)
        made.setup_data = self._setup_data
        if self.only or self.without:
            made.choice = Choice(frozenset(self.only), frozenset(self.without))
        return made


def _folder_of(context: Any) -> Path:
    folder = context.get("folder") if isinstance(context, dict) else None
    return Path(folder) if folder else Path.cwd()
