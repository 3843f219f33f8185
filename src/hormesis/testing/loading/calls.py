"""Calls: users of the load engine who call a test's own function, each on its own connection."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import psycopg
from pydantic import PrivateAttr

from hormesis.clients.code.blocking import AsyncClient, BlockingClient, BlockingUser
from hormesis.clients.protocols.postgres_session import PostgresSession, record_error
from hormesis.testing.loading.escaped import Escaped
from hormesis.words.client import Client, ClientKind, User

Params = Sequence[Any] | Callable[[Random], Sequence[Any]]
"""The parameters of a statement, or what draws them from the user's own generator."""
APPLICATION = "hormesis:load"
"""The name of the users' sessions: they are the test's own, so faults do not spare them."""
LOST_PAUSE_S = 0.05
"""How long a user waits after it lost its connection or could not get one."""


class Calls(ClientKind):
    """Users who all do the same: a statement, or a function of a connection and a generator."""

    _make: Callable[[User], Client] = PrivateAttr()
    _escaped: Escaped = PrivateAttr(default_factory=Escaped)

    @property
    def escaped(self) -> Escaped:
        """What went wrong in the calls."""
        return self._escaped

    @classmethod
    def of(
        cls, what: str | Callable[..., Any], dsn: str, name: str, params: Params
    ) -> Calls:
        """Return users who do *what*."""
        made = cls()
        escaped = made._escaped
        if isinstance(what, str):
            made._make = lambda user: AsyncClient(_Asking(user, dsn, name, what, params, escaped))
        elif inspect.iscoroutinefunction(what):
            made._make = lambda user: AsyncClient(_Awaiting(user, dsn, name, what, escaped))
        else:
            made._make = lambda user: BlockingClient(
                lambda own: _Calling(own, dsn, name, what, escaped), user
            )
        return made

    def make(self, user: User) -> Client:
        """Return one user."""
        return self._make(user)


class _Asking:
    """Does a statement in a transaction of its own."""

    def __init__(
        self, user: User, dsn: str, name: str, statement: str, params: Params, escaped: Escaped
    ) -> None:
        self._escaped = escaped
        self._user = user
        self._session = PostgresSession(user, dsn, application=APPLICATION)
        self._name = name
        self._statement = statement
        self._params = params

    async def open(self) -> None:
        await self._session.ready()

    async def iterate(self) -> None:
        try:
            params = self._params(self._user.rng) if callable(self._params) else self._params
            await self._session.query(self._statement, params, name=self._name)
        except (psycopg.OperationalError, TimeoutError) as error:
            self._escaped.heard(error)
            await self._user.pause(LOST_PAUSE_S)
            raise
        except Exception as error:
            self._escaped.heard(error)
            raise

    async def close(self) -> None:
        await self._session.close()


class _Awaiting:
    """Awaits ``function(connection, rng)`` in a transaction of its own."""

    def __init__(
        self, user: User, dsn: str, name: str, function: Callable[..., Any], escaped: Escaped
    ) -> None:
        self._escaped = escaped
        self._user = user
        self._dsn = dsn
        self._name = name
        self._function = function
        self._line: psycopg.AsyncConnection[Any] | None = None

    async def iterate(self) -> None:
        lost = False
        try:
            async with self._user.op(self._name) as recording:
                try:
                    if self._line is None or self._line.closed:
                        self._line = None
                        self._line = await psycopg.AsyncConnection.connect(
                            self._dsn, application_name=APPLICATION
                        )
                    async with self._line.transaction():
                        await self._function(self._line, self._user.rng)
                except psycopg.Error as error:
                    lost = self._line is None or self._line.closed
                    record_error(recording, error, connected=self._line is not None)
                    raise
        except Exception as error:
            self._escaped.heard(error)
            raise
        finally:
            if lost:
                await self._user.pause(LOST_PAUSE_S)

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()


class _Calling:
    """Calls ``function(connection, rng)`` in a transaction of its own, in the user's thread."""

    def __init__(
        self, user: BlockingUser, dsn: str, name: str, function: Callable[..., Any],
        escaped: Escaped,
    ) -> None:  # fmt: skip
        self._escaped = escaped
        self._user = user
        self._dsn = dsn
        self._name = name
        self._function = function
        self._line: psycopg.Connection[Any] | None = None

    def iterate(self) -> None:
        lost = False
        try:
            with self._user.op(self._name) as recording:
                try:
                    if self._line is None or self._line.closed:
                        self._line = None
                        self._line = psycopg.connect(self._dsn, application_name=APPLICATION)
                    with self._line.transaction():
                        self._function(self._line, self._user.rng)
                except psycopg.Error as error:
                    lost = self._line is None or self._line.closed
                    record_error(recording, error, connected=self._line is not None)
                    raise
        except Exception as error:
            self._escaped.heard(error)
            raise
        finally:
            if lost:
                self._user.pause(LOST_PAUSE_S)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
