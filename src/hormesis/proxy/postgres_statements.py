"""PostgreSQL statements: which of them a toxic or a fault is for, and how they fail."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from hormesis.proxy.occasions import Occasions, expression

_STATE = re.compile("([1-9A-Z][0-9A-Z]|0[3-9A-Z])[0-9A-Z]{3}")


class PostgresStatements(Occasions):
    """What all toxics and faults have in common that tell statements apart."""

    matching: str = ""
    """Only statements in which this regular expression is found; case does not matter."""

    @field_validator("matching")
    @classmethod
    def _expression(cls, value: str) -> str:
        return expression(value)


class PostgresError(PostgresStatements):
    """What statements fail with."""

    sqlstate: str = "40001"
    """The error's code, such as ``40001``, a serialization failure, or ``53300``."""
    message: str = Field(default="injected by the link", min_length=1)
    """The error's text."""

    @field_validator("sqlstate")
    @classmethod
    def _state(cls, value: str) -> str:
        if not _STATE.fullmatch(value):
            raise ValueError(
                "expected five characters, digits and capital letters, such as 40001;"
                " 00, 01 and 02 begin those that are no errors"
            )
        return value

    @field_validator("message")
    @classmethod
    def _text(cls, value: str) -> str:
        if "\0" in value:
            raise ValueError("expected a text without a NUL")
        return value
