"""What an HTTP request is answered."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, field_validator

from hormesis.host.http_origin import Origin
from hormesis.host.json_path import Missing, at_path, checked_path
from hormesis.wire.core import Response
from hormesis.wire.http_get import NoAnswer, http_get
from hormesis.words.kind import Scalar
from hormesis.words.probe import Observation, Probe, World
from hormesis.words.units import Seconds

_SNIPPET = 200


class Http(Probe):
    """Ask a URL with GET and look at the answer.

    Fields: ``status``, ``ms`` (milliseconds to the whole answer, connecting included), ``body``
    (its beginning) and ``value``: the status, or with ``json`` what stands at that path. A list
    there has its length as ``value`` and ``count``, and its mappings as rows. Any status is a
    value; no answer, or nothing at the path, is a reason.
    """

    model_config = ConfigDict(populate_by_name=True)
    shorthand: ClassVar[str] = "get"
    needs_expect: ClassVar[bool] = True

    get: str
    """The whole URL."""
    json_: str | None = Field(default=None, validation_alias="json", serialization_alias="json")
    """A dotted path into the JSON answer, for example ``database.status``."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers to send."""
    timeout: Seconds = Field(default=2.0, gt=0)
    """How long the whole answer may take."""
    rows_max: int = Field(default=100, ge=0)
    """How many rows of a list are kept."""

    @field_validator("get")
    @classmethod
    def _is_url(cls, get: str) -> str:
        Origin.and_target(get)
        return get

    @field_validator("json_")
    @classmethod
    def _is_path(cls, path: str | None) -> str | None:
        return path if path is None else checked_path(path)

    def describe(self) -> str:
        """Return the URL and the path; headers may hold secrets and stay out."""
        return f"http({self.get}{' ' + self.json_ if self.json_ else ''})"

    async def observe(self, world: World) -> Observation:
        """Ask once, over a connection of its own."""
        try:
            got = await http_get(self.get, headers=self.headers, timeout_s=self.timeout)
        except NoAnswer as error:
            return Observation(reason=str(error))
        answer = got.answer
        fields: dict[str, Scalar] = {
            "value": answer.status,
            "status": answer.status,
            "ms": got.ms,
            "body": answer.body[:_SNIPPET].decode("utf-8", "replace"),
        }
        return self._read(answer, fields) if self.json_ else Observation(fields)

    def _read(self, answer: Response, fields: dict[str, Scalar]) -> Observation:
        path = self.json_ or ""
        del fields["value"]
        try:
            found = at_path(json.loads(answer.body), path)
        except Missing as missing:
            return Observation(fields, reason=str(missing))
        except ValueError:
            return Observation(fields, reason=f"the answer ({answer.status}) is no JSON")
        if isinstance(found, dict):
            return Observation(fields, reason=f"{path!r} is a mapping, not a value")
        if isinstance(found, list):
            rows = tuple(_flat(one) for one in found[: self.rows_max] if isinstance(one, dict))
            return Observation({"value": len(found), "count": len(found), **fields}, rows=rows)
        return Observation({"value": found, **fields})


def _flat(row: dict[str, Any]) -> dict[str, Scalar]:
    return {
        name: json.dumps(value) if isinstance(value, dict | list) else value
        for name, value in row.items()
    }
