"""Steps of other protocols than HTTP: what they have in common, and the user that plays them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hormesis.clients.steps.step import Think, think_of
from hormesis.clients.steps.template import Template, Values, unknown_names
from hormesis.words.client import User
from hormesis.words.expect import miss_of
from hormesis.words.units import Share

Perform = Callable[[Values], Awaitable[Any]]


class PlayedStep(BaseModel):
    """One operation: what it is called, and how often it is done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[^.]+$")
    """What the operation is called in the history; without a dot."""
    chance: Share = 1.0
    """In which share of the iterations, drawn from the user's own stream of the seed."""
    think: Think | None = None
    """How long to pause after it."""
    expect: Any = None
    """What the answer should be, counted as a check of the operation's name."""


class StepsUser:
    """One virtual user that does its steps in order; one that raises ends the iteration."""

    def __init__(
        self,
        user: User,
        session: Any,
        steps: Sequence[tuple[PlayedStep, Perform]],
        think: Think | None,
    ) -> None:
        self._user = user
        self._session = session
        self._steps = steps
        self._think = think
        self._values = Values(user.number, user.load, user.rng)

    async def open(self) -> None:
        """Connect, so that a burst sends at once; the first step tries again if this fails."""
        await self._session.ready()

    async def iterate(self) -> None:
        """Do all steps once."""
        values, user = self._values, self._user
        values.iteration += 1
        last = self._steps[-1][0]
        for step, perform in self._steps:
            if step.chance < 1 and user.rng.random() >= step.chance:
                continue
            answer = await perform(values)
            if step.expect is not None:
                user.check(step.name, not miss_of(step.expect, {"value": answer}))
            await think_of(self._user, step.think, last=step is last)
        await think_of(self._user, self._think, last=True)

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()


def check_names(steps: Sequence[PlayedStep], sources: Sequence[Any]) -> None:
    """Check that templates use names that there are.

    Raises:
        ValueError: one does not.
    """
    told = [
        f"step {step.name}: {one}"
        for step, source in zip(steps, sources, strict=True)
        for one in unknown_names(Template(source).names, ())
    ]
    if told:
        raise ValueError("; ".join(told))
