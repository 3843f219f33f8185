"""HTTP users written as data: requests in steps, with variables taken from the answers."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, field_validator, model_validator

from hormesis.clients.session.http_session import HttpSession
from hormesis.clients.steps.http_user import CompiledStep, HttpUser, tell_detail
from hormesis.clients.steps.step import Step, Think
from hormesis.clients.steps.template import Template, Values, unknown_names
from hormesis.host.http_origin import Origin
from hormesis.words.client import Client, ClientKind, User
from hormesis.words.units import Seconds


class Http(ClientKind):
    """Virtual users that send HTTP requests, told as data.

    An iteration plays the steps in order over the user's own keep-alive connection, with the
    user's own cookies; redirects are answers like any other, and not followed. Texts may
    hold ``{{name}}``: ``user.number``, ``user.load``, ``iteration``, ``repetition``, ``uuid``,
    ``random.N`` (0 to N - 1), what ``vars`` sets and what steps ``take``. A text that is one
    reference and nothing else keeps the value's type.

    An answer that is expected makes the operation *ok*. A refused connection, a 4xx, an
    unexpected answer to a GET and the ``definite`` statuses make it *fail*: it did not happen. A
    time-out, a lost connection, 5xx and an answer that is no JSON make it *info*: nobody knows.
    An operation that is not ok ends the iteration, after the ``backoff``, unless its step says
    ``continue_on_error: true``.
    """

    model_config = ConfigDict(populate_by_name=True)
    shorthand: ClassVar[str] = "base"

    base: str
    """The URL that all paths are added to, for example ``http://127.0.0.1:3001``."""
    steps: tuple[Step, ...]
    """The requests of one iteration, in order."""
    vars: dict[str, Any] = Field(default_factory=dict)
    """Variables that are set, from templates, at the start of every iteration."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of every request; templates in them are filled once for each user."""
    timeout: Seconds = Field(default=30.0, gt=0)
    """How long an answer may take, connecting included, before it counts as a time-out."""
    think: Think | None = None
    """How long to pause after each iteration; not after the last one that the load has time for."""
    pace: Seconds = Field(default=0.0, ge=0)
    """The shortest time between the starts of two iterations of one user."""
    backoff: Seconds = Field(default=0.1, ge=0.001)
    """How long to pause, about, after a step that was not ok: half to one and a half of it."""
    verify: bool = True
    """Whether an https server must prove its name with a valid certificate."""
    http2: bool = False
    """Whether to speak HTTP/2, in plain text by prior knowledge; it needs ``hormesis[http2]``."""

    @field_validator("base")
    @classmethod
    def _is_base(cls, base: str) -> str:
        Origin.of(base)
        return base

    @field_validator("steps")
    @classmethod
    def _some(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        # A smallest length of the field would be told as well whenever a step is wrong.
        if not steps:
            raise ValueError("expected at least one step")
        return steps

    @model_validator(mode="after")
    def _names_known(self) -> Http:
        known = {*self.vars, *(name for step in self.steps for name in step.take)}
        told = unknown_names(Template(self.vars).names, known)
        for name in Template(self.headers).names:
            told.append(f"headers of all requests cannot use {name!r}; put them into the steps")
        for step in self.steps:
            told += [f"step {step.name}: {one}" for one in unknown_names(step.names(), known)]
        if told:
            raise ValueError("; ".join(told))
        return self

    @cached_property
    def compiled(self) -> tuple[CompiledStep, ...]:
        """Return the steps with their templates compiled, once for all users."""
        return tuple(CompiledStep(step, self.timeout) for step in self.steps)

    def describe(self) -> str:
        """Return the base and the steps' names; headers may hold secrets and stay out."""
        return f"http({self.base}: {', '.join(step.name for step in self.steps)})"

    def operations(self) -> frozenset[str]:
        """Return the names of the steps."""
        return frozenset(step.name for step in self.steps)

    def make(self, user: User) -> Client:
        """Return one virtual user with a connection of its own."""
        own = Values(user.number, user.load, user.rng)
        headers = {name: Template(value).text(own) for name, value in self.headers.items()}
        return HttpUser(
            user,
            HttpSession(
                user,
                self.base,
                headers=headers,
                timeout=self.timeout,
                verify=self.verify,
                http2=self.http2,
                follow=False,
                expect=range(200, 300),
                judge=tell_detail,
            ),
            self.compiled,
            initial={name: Template(source) for name, source in self.vars.items()},
            backoff_s=self.backoff,
            think=self.think,
            pace_s=self.pace,
        )
