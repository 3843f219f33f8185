"""PostgreSQL users written as data."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from pydantic import Field, model_validator

from hormesis.clients.protocols.postgres_session import PostgresSession
from hormesis.clients.steps.played import Perform, PlayedStep, StepsUser, check_names
from hormesis.clients.steps.step import Think
from hormesis.clients.steps.template import Template, Values
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.units import Seconds


class Statement(PlayedStep):
    """One statement, in a transaction of its own."""

    sql: str = Field(min_length=1)
    """The statement; ``%s`` stands for the parameters in their order."""
    params: tuple[Any, ...] = ()
    """Its parameters; texts in them are templates, such as ``{{user.number}}``."""


class Postgres(ClientKind):
    """Virtual users that do SQL statements in PostgreSQL, told as data.

    Each user has a connection of its own. What the server refused makes the operation *fail*; a
    lost connection, a time-out and a server that goes down make it *info*. ``expect`` is about
    the first column of the first row.
    """

    driver: ClassVar[str] = "psycopg"
    extra: ClassVar[str] = "postgres"
    shorthand: ClassVar[str] = "dsn"

    dsn: str
    """The server: ``postgresql://user@127.0.0.1:5432/database``."""
    steps: tuple[Statement, ...] = Field(min_length=1)
    """The statements of one iteration, in order."""
    timeout: Seconds = Field(default=30.0, gt=0)
    """How long a statement may take."""
    think: Think | None = None
    """How long to pause after each iteration."""

    @model_validator(mode="after")
    def _names_known(self) -> Postgres:
        check_names(self.steps, [step.params for step in self.steps])
        return self

    def describe(self) -> str:
        """Return the steps' names; the DSN may hold a secret and stays out."""
        return f"postgres({', '.join(step.name for step in self.steps)})"

    def operations(self) -> frozenset[str]:
        """Return the names of the steps."""
        return frozenset(step.name for step in self.steps)

    def make(self, user: User) -> Client:
        """Return one virtual user with a connection of its own."""
        session = PostgresSession(user, self.dsn, timeout=self.timeout)
        steps = [(step, _performed(session, step)) for step in self.steps]
        return StepsUser(user, session, steps, self.think)


def _performed(session: PostgresSession, step: Statement) -> Perform:
    params = Template(list(step.params))

    async def perform(values: Values) -> Any:
        ask = partial(session.query, step.sql, name=step.name)
        rows = await ask(params.render(values))
        return next(iter(rows[0].values()), None) if rows else None

    return perform
