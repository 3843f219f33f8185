"""Redis users written as data."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from hormesis.clients.protocols.redis_session import RedisSession
from hormesis.clients.steps.played import Perform, PlayedStep, StepsUser, check_names
from hormesis.clients.steps.step import Think
from hormesis.clients.steps.template import Template, Values
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.kind import Scalar
from hormesis.words.units import Seconds


class Command(PlayedStep):
    """One command."""

    command: tuple[Scalar, ...] = Field(min_length=1)
    """Its words: ``[SET, "key-{{user.number}}", 1]``; texts are templates."""


class Redis(ClientKind):
    """Virtual users that send commands to Redis, told as data.

    Each user has a connection of its own. What the server refused makes the operation *fail*, its
    code the error; a lost connection and a time-out make it *info*. ``expect`` is about the reply.
    """

    driver: ClassVar[str] = "redis"
    extra: ClassVar[str] = "redis"
    shorthand: ClassVar[str] = "url"

    url: str
    """The server: ``redis://127.0.0.1:6379/0``."""
    steps: tuple[Command, ...] = Field(min_length=1)
    """The commands of one iteration, in order."""
    timeout: Seconds = Field(default=30.0, gt=0)
    """How long a command may take."""
    think: Think | None = None
    """How long to pause after each iteration."""

    @model_validator(mode="after")
    def _names_known(self) -> Redis:
        check_names(self.steps, [step.command for step in self.steps])
        return self

    def describe(self) -> str:
        """Return the steps' names; the URL may hold a secret and stays out."""
        return f"redis({', '.join(step.name for step in self.steps)})"

    def operations(self) -> frozenset[str]:
        """Return the names of the steps."""
        return frozenset(step.name for step in self.steps)

    def make(self, user: User) -> Client:
        """Return one virtual user with a connection of its own."""
        session = RedisSession(user, self.url, timeout=self.timeout)
        steps = [(step, _performed(session, step)) for step in self.steps]
        return StepsUser(user, session, steps, self.think)


def _performed(session: RedisSession, step: Command) -> Perform:
    words = Template(list(step.command))

    async def perform(values: Values) -> Any:
        return await session.command(*words.render(values), name=step.name)

    return perform
