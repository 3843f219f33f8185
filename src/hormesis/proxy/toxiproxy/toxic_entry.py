"""Toxic entry: one toxic of a proxy, as requests describe it and answers show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hormesis.proxy.shelf import is_kind
from hormesis.proxy.toxiproxy.api_error import bad_body, invalid_stream, invalid_type
from hormesis.proxy.toxiproxy.events import instant
from hormesis.proxy.toxiproxy.go_json import Fields, Float32, GoJsonError, decoded, plain
from hormesis.proxy.toxiproxy.toxic_types import TYPES, Made, made_of
from hormesis.words.shaper import Stream

_UPDATED = (
    'struct { Attributes interface {} "json:\\"attributes\\""; '
    'Toxicity float32 "json:\\"toxicity\\"" }'
)
"""The Go type of the body that changes a toxic, as errors tell it."""
_EXPECTED_MOMENT = "expected expires such as 2026-01-31T12:00:00Z"
_DIRECTIONS = {"upstream": Stream.UPSTREAM, "downstream": Stream.DOWNSTREAM}


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a toxic may stay."""

    ms: int
    until: float
    """When it ends, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class ToxicEntry:
    """One toxic; *stream* is as it was written, *direction* what that means."""

    name: str
    type_name: str
    stream: str
    direction: Stream
    toxicity: Float32
    attributes: Mapping[str, Any]
    """Whole numbers of Toxiproxy's types; of the shelf's kinds what was given, as in files."""
    made: Made
    lease: Lease | None = None
    shown: Mapping[str, Any] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:
        """Return the toxic as answers show it; a lease is told only when there is one."""
        told: dict[str, Any] = {
            "attributes": dict(self.shown),
            "name": self.name,
            "type": self.type_name,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }
        if self.lease is not None:
            told |= {"lease_ms": self.lease.ms, "expires": instant(self.lease.until)}
        return told


class ToxicReader:
    """Reads toxics from the bodies of requests; *wall* gives the time of day."""

    def __init__(self, package: str, wall: Callable[[], float]) -> None:
        self._package = package
        self._wall = wall

    def read(self, value: Any, unused: Callable[[str], None]) -> ToxicEntry:
        """Return the toxic that a decoded *value* describes; *unused* refuses names in use.

        Raises:
            ApiError: it describes none.
        """
        try:
            return self._read(value, unused)
        except GoJsonError as trouble:
            raise bad_body(trouble) from trouble

    def _read(self, value: Any, unused: Callable[[str], None]) -> ToxicEntry:
        fields = Fields(value, "toxics.ToxicWrapper")
        given = fields.raw("attributes")
        Fields(given, "toxics.NoopToxic", within="ToxicWrapper.attributes")
        type_name = fields.text("type")
        toxicity = fields.float32("toxicity", Float32(1))
        named = fields.text("name")
        direction = self._direction(fields, own=type_name in TYPES)
        if type_name not in TYPES and not is_kind(self._package, type_name):
            raise invalid_type()
        if type_name in TYPES:
            direction = direction or Stream.DOWNSTREAM
        elif direction is None:
            direction = self._of_shelf(type_name, None, plain(given or {})).toxic.stream
        stream = fields.text("stream", direction.value)
        name = named or f"{type_name}_{stream}"
        unused(name)
        if type_name in TYPES:
            attributes: Mapping[str, Any] = numbers_of(given, type_name, {})
            made = made_of(self._package, type_name, direction, attributes)
        else:
            attributes = plain(given or {})
            made = self._of_shelf(type_name, direction, attributes)
        return ToxicEntry(
            name, type_name, stream, direction, toxicity, attributes, made,
            self._lease(fields, None), shown_of(type_name, attributes, made),
        )  # fmt: skip

    def changed(self, entry: ToxicEntry, body: bytes) -> ToxicEntry:
        """Return *entry* with what *body* changes: attributes key by key, toxicity, lease.

        Raises:
            ApiError: the body is not what it should be.
        """
        try:
            fields = Fields(decoded(body), _UPDATED, struct="")
            given = fields.raw("attributes")
            toxicity = fields.float32("toxicity", entry.toxicity)
            lease = self._lease(fields, entry.lease)
            name = entry.type_name
            if name in TYPES:
                attributes: Mapping[str, Any] = numbers_of(given, name, entry.attributes)
                made = made_of(self._package, name, entry.direction, attributes)
            else:
                Fields(given, name)
                attributes = {**entry.attributes, **plain(given or {})}
                made = self._of_shelf(name, entry.direction, attributes)
        except GoJsonError as trouble:
            raise bad_body(trouble) from trouble
        shown = shown_of(name, attributes, made)
        return replace(
            entry, attributes=attributes, made=made, toxicity=toxicity, lease=lease, shown=shown
        )

    def _direction(self, fields: Fields, *, own: bool) -> Stream | None:
        """Return the direction that is asked for; None leaves it to the toxic."""
        if fields.raw("stream") is None:
            return None
        stream = fields.text("stream").lower()
        if not own and stream == Stream.BOTH.value:
            return Stream.BOTH
        if stream not in _DIRECTIONS:
            raise invalid_stream()
        return _DIRECTIONS[stream]

    def _of_shelf(
        self, type_name: str, direction: Stream | None, attributes: Mapping[str, Any]
    ) -> Made:
        try:
            return made_of(self._package, type_name, direction, attributes)
        except ValueError as trouble:
            raise bad_body(trouble) from trouble

    def _lease(self, fields: Fields, former: Lease | None) -> Lease | None:
        """Return the lease a body asks for, *former* when it says nothing; 0 lifts it."""
        given, until = fields.raw("lease_ms"), fields.raw("expires")
        if given is not None:
            ms = fields.integer("lease_ms", 0)
            if ms < 0:
                raise GoJsonError("expected lease_ms of 0 or more")
            return Lease(ms, self._wall() + ms / 1000) if ms else None
        if until is None:
            return former
        text = fields.text("expires")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as trouble:
            raise GoJsonError(_EXPECTED_MOMENT) from trouble
        if moment.tzinfo is None:
            raise GoJsonError(_EXPECTED_MOMENT)
        seconds = moment.timestamp()
        left = seconds - self._wall()
        if left <= 0:
            raise GoJsonError("expected expires to lie in the future")
        return Lease(round(left * 1000), seconds)


def numbers_of(given: Any, type_name: str, former: Mapping[str, int]) -> dict[str, int]:
    """Return the attributes of a type of Toxiproxy's, key by key over *former*.

    Raises:
        GoJsonError: one is no whole number.
    """
    kind = TYPES[type_name]
    fields = Fields(given, kind.go_type, within=".attributes")
    return {
        name: fields.integer(name, former.get(name, 0), within="attributes.")
        for name in kind.attributes
    }


def shown_of(type_name: str, attributes: Mapping[str, Any], made: Made) -> Mapping[str, Any]:
    """Return the attributes as answers show them: with what was left out."""
    if type_name in TYPES:
        return attributes
    return made.toxic.model_dump(mode="json", exclude={"stream", "refuses"})
