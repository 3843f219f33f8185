"""WebSocket users written as data."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, field_validator, model_validator

from hormesis.clients.protocols.websocket_session import CONNECT, WebSocketSession
from hormesis.clients.steps.played import Perform, PlayedStep, StepsUser, check_names
from hormesis.clients.steps.step import Think
from hormesis.clients.steps.template import Template, Values
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.units import Seconds


class Message(PlayedStep):
    """One message, and the next one that comes for it."""

    send: str
    """What is sent, a template."""


class Websocket(ClientKind):
    """Virtual users that exchange messages over a WebSocket, told as data.

    Each user keeps one connection. An operation lasts from a message to the next one that comes;
    connecting is the operation ``connect``. ``expect`` is about the message that comes.
    """

    driver: ClassVar[str] = "websockets"
    extra: ClassVar[str] = "websocket"
    shorthand: ClassVar[str] = "url"

    url: str
    """Where to connect: ``ws://127.0.0.1:8000/feed``, or ``wss:``."""
    steps: tuple[Message, ...] = Field(min_length=1)
    """The messages of one iteration, in order."""
    timeout: Seconds = Field(default=30.0, gt=0)
    """How long an answer, or connecting, may take."""
    think: Think | None = None
    """How long to pause after each iteration."""
    verify: bool = True
    """Whether a wss server must prove its name with a valid certificate."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if not url.startswith(("ws://", "wss://")):
            raise ValueError(f"expected a URL such as ws://127.0.0.1:8000/feed, found {url!r}")
        return url

    @model_validator(mode="after")
    def _names_known(self) -> Websocket:
        check_names(self.steps, [step.send for step in self.steps])
        return self

    def operations(self) -> frozenset[str]:
        """Return the names of the steps, and that of connecting."""
        return frozenset({CONNECT, *(step.name for step in self.steps)})

    def make(self, user: User) -> Client:
        """Return one virtual user with a connection of its own."""
        session = WebSocketSession(user, self.url, timeout=self.timeout, verify=self.verify)
        steps = [(step, _performed(session, step)) for step in self.steps]
        return StepsUser(user, session, steps, self.think)


def _performed(session: WebSocketSession, step: Message) -> Perform:
    text = Template(step.send)

    async def perform(values: Values) -> Any:
        if not session.connected:
            await session.connect()
        return await session.ask(text.text(values), name=step.name)

    return perform
