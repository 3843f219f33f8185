"""What ``hormesis load`` was asked for, and the line that asks for it again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields

from hormesis.words.secrets import MASK

DEFAULT_THRESHOLD = "http_req_failed rate < 1%"
"""What a load of the command line must keep when nothing else is asked of it."""

_SECRET_HEADER = re.compile(r"auth|cookie|token|secret|passw|api-?key|session", re.IGNORECASE)


def _option(name: str) -> dict[str, str]:
    return {"option": name}


@dataclass(frozen=True)
class LoadWanted:
    """A load as a command line asks for it; None and empty mean that an option was not given.

    Durations, rates and stages are texts with units, as in files: ``30s``, ``100/s``, ``30s:100``.
    """

    what: str
    """A URL, the path of a Python script, or of an experiment file."""
    vus: int | None = field(default=None, metadata=_option("--vus"))
    lasts: str = field(default="", metadata=_option("--for"))
    rate: str = field(default="", metadata=_option("--rate"))
    iterations: int | None = field(default=None, metadata=_option("--iterations"))
    stages: tuple[str, ...] = field(default=(), metadata=_option("--stage"))
    start_vus: int | None = field(default=None, metadata=_option("--start-vus"))
    method: str = field(default="", metadata=_option("--method"))
    headers: tuple[str, ...] = field(default=(), metadata=_option("--header"))
    body: str = field(default="", metadata=_option("--body"))
    json_body: str = field(default="", metadata=_option("--json-body"))
    timeout: str = field(default="", metadata=_option("--timeout"))
    host: str = field(default="", metadata=_option("--host"))
    name: str = field(default="", metadata=_option("--name"))
    think: str = field(default="", metadata=_option("--think"))
    insecure: bool = field(default=False, metadata=_option("--insecure"))
    thresholds: tuple[str, ...] = field(default=(), metadata=_option("--threshold"))
    no_default_threshold: bool = field(default=False, metadata=_option("--no-default-threshold"))
    processes: int | None = field(default=None, metadata=_option("--processes"))
    tags: tuple[str, ...] = field(default=(), metadata=_option("--tag"))
    variables: tuple[str, ...] = field(default=(), metadata=_option("--set"))
    time_scale: float = field(default=1.0, metadata=_option("--time-scale"))

    def given(self) -> dict[str, object]:
        """Return the options that were given, by name."""
        return {
            one.metadata["option"]: value
            for one in fields(self)
            if one.metadata and (value := getattr(self, one.name)) != one.default
        }

    def command(self) -> tuple[str, ...]:
        """Return the command line that asks for it again, secret headers masked."""
        words = ["hormesis", "load", self.what]
        for option, value in self.given().items():
            several = value if isinstance(value, tuple) else (value,)
            for one in several:
                shown = header_shown(str(one)) if option == "--header" else str(one)
                words += [option] if one is True else [option, shown]
        return tuple(words)


def is_secret_header(name: str) -> bool:
    """Return whether a header called *name* proves who the sender is."""
    return _SECRET_HEADER.search(name) is not None


def header_shown(text: str) -> str:
    """Return ``Name: value``, its value masked when it is a secret."""
    name, colon, value = text.partition(":")
    hidden = colon and value.strip() and is_secret_header(name) and "${env." not in value
    return f"{name}: {MASK}" if hidden else text
