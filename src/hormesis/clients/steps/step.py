"""Step: one request of an ``http`` client, as it stands in a file. Pure data."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from hormesis.clients.steps.template import Template
from hormesis.host.json_path import checked_path
from hormesis.words.client import User
from hormesis.words.kind import OR_TEXT, Scalar
from hormesis.words.units import Seconds, Share

METHODS = ("get", "post", "put", "patch", "delete")

_STATUS = re.compile(r"\s*(<=|>=|==|!=|<|>)?\s*\d+\s*")


class Think(BaseModel):
    """A pause: ``1s``, or evenly drawn: ``500ms..2s``, ``{min: 500ms, max: 2s}``."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={OR_TEXT: "1s"})

    min: Seconds = Field(ge=0)
    """The shortest pause."""
    max: Seconds = Field(ge=0)
    """The longest pause."""

    @model_validator(mode="before")
    @classmethod
    def _from_one(cls, given: Any) -> Any:
        if isinstance(given, dict | Think):
            return given
        least, dots, most = given.partition("..") if isinstance(given, str) else (given, "", given)
        return {"min": least, "max": most if dots else least}

    @model_validator(mode="after")
    def _in_order(self) -> Think:
        if self.max < self.min:
            raise ValueError("expected max to be no less than min")
        return self


async def think_of(user: User, think: Think | None, *, last: bool) -> None:
    """Let *user* pause for as long as drawn; after the *last* thing of an iteration it rests."""
    if think is not None:
        pause = user.rest if last else user.pause
        await pause(user.rng.uniform(think.min, think.max))


def _status_from(want: Any) -> Any:
    if not _tells_status(want):
        raise ValueError(f"expected a status such as 201, '< 300' or [200, 201], found {want!r}")
    return want


def _tells_status(want: Any) -> bool:
    """Return whether an answer's status could be what is wanted; one that is filled in may be."""
    if isinstance(want, list | tuple):
        return bool(want) and all(_tells_status(one) for one in want)
    if isinstance(want, str):
        return "{{" in want or _STATUS.fullmatch(want) is not None
    return isinstance(want, int) and not isinstance(want, bool)


class _Expected(BaseModel):
    """What an answer should be, of which only the status is known to be a number."""

    model_config = ConfigDict(extra="allow")

    status: Annotated[Any, AfterValidator(_status_from)] = 200


class Step(BaseModel):
    """One request: what is sent, what is expected, and what is kept of the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[^.]+$")
    """What the operation is called in the history; without a dot."""
    get: str | None = None
    """The path of a GET request."""
    post: str | None = None
    """The path of a POST request."""
    put: str | None = None
    """The path of a PUT request."""
    patch: str | None = None
    """The path of a PATCH request."""
    delete: str | None = None
    """The path of a DELETE request."""
    json_: Any = Field(default=None, validation_alias="json", serialization_alias="json")
    """The body as a JSON value; texts in it are templates."""
    form: dict[str, Scalar] | None = None
    """The body as form fields."""
    body: str | None = None
    """The body as plain text."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers of this request, besides those of the client."""
    expect: Any = None
    """What the answer should be: ``status``, and dotted paths into its JSON. Any 2xx if absent.
    A status that answers an expected "no" belongs in it, as in ``status: [200, 204]``: whoever was
    told that nothing is left met no error.
    """
    definite: tuple[int, ...] = ()
    """Statuses of 500 and above that mean that nothing happened, so the operation failed."""
    take: dict[str, str] = Field(default_factory=dict)
    """Variables to fill from the answer: name to dotted path; what is missing unsets it."""
    record: dict[str, str] = Field(default_factory=dict)
    """What to note with the operation, besides its outcome; empty values are left out."""
    when: str | None = None
    """Only when this is not empty, for example ``{{job}}``."""
    unless: str | None = None
    """Only when this is empty."""
    chance: Share = 1.0
    """In which share of the iterations, drawn from the user's own stream of the seed."""
    repeat: int = Field(default=1, ge=1)
    """How many times in a row."""
    think: Think | None = None
    """How long to pause after it."""
    continue_on_error: bool = False
    """Whether the iteration goes on, after the client's ``backoff``, when this step is not ok: for
    clients that send again what they do not know the end of. The operation is recorded as it ended,
    and what it was to ``take`` is unset.
    """
    timeout: Seconds | None = Field(default=None, gt=0)
    """How long the answer may take; the client's when absent."""

    @field_validator("expect")
    @classmethod
    def _can_be_met(cls, expect: Any) -> Any:
        if isinstance(expect, dict):
            _Expected.model_validate(expect)  # Its problems are told of the very field.
            return expect
        return expect if expect is None else _status_from(expect)

    @model_validator(mode="after")
    def _consistent(self) -> Step:
        paths = [getattr(self, name) for name in METHODS if getattr(self, name) is not None]
        if len(paths) != 1:
            raise ValueError(f"expected one of {', '.join(METHODS)} with a path")
        if not paths[0].startswith(("/", "{{")):
            raise ValueError(f"expected a path that begins with /, found {paths[0]!r}")
        bodies = self.model_fields_set & {"json_", "form", "body"}
        if len(bodies) > 1:
            raise ValueError("expected one of json, form and body")
        if bodies and self.get is not None:
            raise ValueError("a GET request has no body; put the values into the path")
        for path in [*self.take.values(), *(one for one in self.expected if one != "status")]:
            checked_path(path)
        self.names()
        return self

    @property
    def method(self) -> str:
        """Return the request's method, in capitals."""
        return next(name.upper() for name in METHODS if getattr(self, name) is not None)

    @property
    def path(self) -> str:
        """Return the request's path, still a template."""
        return str(next(p for name in METHODS if (p := getattr(self, name)) is not None))

    @property
    def expected(self) -> dict[str, Any]:
        """Return the expectation by field; a bare value is about the status."""
        if self.expect is None:
            return {}
        return dict(self.expect) if isinstance(self.expect, dict) else {"status": self.expect}

    def names(self) -> frozenset[str]:
        """Return the variables that its templates read.

        Raises:
            ValueError: a template has braces that are no reference.
        """
        sources = [self.path, self.json_, self.form, self.body, self.headers, self.expect]
        sources += [self.record, self.when, self.unless]
        return frozenset().union(*(Template(source).names for source in sources))
