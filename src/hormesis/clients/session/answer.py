"""Answer: what came back for a request, or why nothing did."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from json import JSONDecodeError
from typing import Any

from hormesis.clients.session.outcome import unexpected
from hormesis.host.raised import word_of
from hormesis.wire.core import Reply
from hormesis.wire.response import json_of
from hormesis.words.client import Refused
from hormesis.words.op import Ended

ERROR_MAX = 80
"""Characters of a failure's text that become the operation's error."""
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


class NotOk(Exception):
    """The answer was not ok, which ends the iteration; the operation was recorded as it was."""

    def __init__(self, message: str, word: str) -> None:
        super().__init__(message)
        self.word = word
        """What an operation around it is recorded with."""


class NotJson(JSONDecodeError):
    """The answer is no JSON, which is the server's doing and not the script's."""

    word = "bad-json"


JUDGING = (AssertionError, Refused, NotOk, NotJson)
"""What in a block about an answer says that the answer is not what it should be."""


class Answer(Reply):
    """An answer whose body was read whole.

    Without an answer ``status`` is 0, and ``error`` tells in a word why: ``timeout``, ``refused``,
    ``disconnected``. The operation was recorded either way.
    """

    __slots__ = ()
    error = ""
    """Why there is no answer, or none that could be read; empty when there is one."""
    redirects = 0
    """How many redirects led here."""

    @property
    def ok(self) -> bool:
        """Return whether the status is below 400, and there is one."""
        return 0 < self.status < 400

    @property
    def url(self) -> str:
        """Return the URL that was asked last, as it was given or as a redirect had it."""
        return self._url

    @property
    def text(self) -> str:
        """Return the body as text, in the charset that the answer names, or else UTF-8."""
        named = _CHARSET.search(self.header("content-type") or "")
        try:
            return self.body.decode(named[1] if named else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            NotJson: it is none; a ``json.JSONDecodeError``, and so a ``ValueError``.
        """
        try:
            return json_of(self.body)
        except JSONDecodeError as error:
            raise NotJson(error.msg, error.doc, error.pos) from None
        except ValueError as error:
            raise NotJson(str(error), "", 0) from None

    def header(self, name: str) -> str | None:
        """Return the first header called *name*, whatever its case."""
        found: str | None = self._raw.header(name)
        return found

    @property
    def headers(self) -> AnswerHeaders:
        """Return the headers; names do not care about case, several of one are joined."""
        return AnswerHeaders(self._raw.headers)

    @property
    def cookies(self) -> dict[str, str]:
        """Return the cookies that this answer set."""
        found: dict[str, str] = {}
        for name, value in self._raw.headers:
            if name.lower() == "set-cookie":
                try:
                    found |= {key: one.value for key, one in SimpleCookie(value).items()}
                except CookieError:
                    continue
        return found

    @property
    def elapsed_s(self) -> float:
        """Return seconds from the send to the last byte."""
        return float(self._raw.ended_ns - self._raw.sent_ns) / 1e9

    @property
    def elapsed(self) -> timedelta:
        """Return the same as the library requests does: ``answer.elapsed.total_seconds()``."""
        return timedelta(seconds=self.elapsed_s)

    @property
    def received(self) -> int:
        """Return how many bytes came, the head included."""
        return int(self._raw.received)

    def raise_for_status(self) -> None:
        """End the iteration unless the answer is ok.

        Raises:
            NotOk: there is no answer, or its status is 400 or above.
        """
        if not self.ok:
            word = self.error or f"http-{self.status}"
            raise NotOk(f"{self.method} {self._url}: {self.error or self.status}", word)

    status_code = property(lambda self: self.status)
    """The status, by the name that the library requests has for it."""
    content = property(lambda self: self.body)
    """The body, by the name that the library requests has for it."""

    def __repr__(self) -> str:
        return f"<Answer {self.method} {self._url} {self.error or self.status}>"


class FullAnswer(Answer):
    """An answer that took a longer way: redirects, an encoding, a judgement of its own, trouble."""

    __slots__ = ("_body", "began_ns", "ended", "error", "redirects", "word")

    def __init__(self, raw: Any, status: int, method: str, url: str) -> None:
        super().__init__(raw, status, method, url)
        self.error = ""
        self.redirects = 0
        self.began_ns: int = raw.sent_ns
        """When the operation began: when it was asked for, if a connection had to be opened."""
        self.ended = Ended.OK
        self.word = ""
        """With ``ended``: how its operation is recorded."""
        self._body: bytes | None = None

    @property
    def body(self) -> bytes:
        body: bytes = self._raw.body if self._body is None else self._body
        return body

    @body.setter
    def body(self, body: bytes) -> None:
        self._body = body

    @property
    def ended_ns(self) -> int:
        """Return when the last byte was read, in nanoseconds of the run."""
        return int(self._raw.ended_ns)

    @property
    def waited_ns(self) -> int:
        """Return nanoseconds from the last send to the first byte; 0 without an answer."""
        return int(self._raw.first_ns - self._raw.sent_ns)

    @property
    def elapsed_s(self) -> float:
        """Return seconds from when it was asked for to the last byte, redirects included."""
        return (self.ended_ns - self.began_ns) / 1e9

    def success(self) -> None:
        """Record the operation as ok, whatever the status; in an ``async with`` block only."""
        self.ended, self.word = Ended.OK, ""

    def failure(self, error: object) -> None:
        """Record the operation as not ok; in an ``async with`` block only.

        Where the request changes nothing it is ``fail``, else ``info``: it may have happened.
        *error* should be short, and the same for the same failure.
        """
        self.ended, self.word = unexpected(self.method), str(error)[:ERROR_MAX] or "failure"

    def judged_by(self, error: BaseException | None) -> bool:
        """Take what left the block about it; return whether that is a judgement of the answer.

        Anything else says nothing about the answer, and its operation stays as it was: a mistake
        in the block, or what ends the iteration.
        """
        if not isinstance(error, JUDGING):
            return False
        if self.ended is Ended.OK:
            refused = isinstance(error, Refused)
            self.failure((str(error) or "refused") if refused else word_of(error))
            self.ended = Ended.FAIL if refused else self.ended
        return True


class AnswerHeaders(Mapping[str, str]):
    """The headers of an answer; names do not care about case."""

    __slots__ = ("_lines",)

    def __init__(self, lines: list[tuple[str, str]]) -> None:
        self._lines: dict[str, str] = {}
        for name, value in lines:
            key = name.lower()
            self._lines[key] = f"{self._lines[key]}, {value}" if key in self._lines else value

    def __getitem__(self, name: str) -> str:
        return self._lines[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


class Nothing:
    """What stands for a response when there is none."""

    __slots__ = ("ended_ns", "first_ns", "sent_ns")
    body = b""
    headers: tuple[tuple[str, str], ...] = ()
    received = 0
    status = 0

    def __init__(self, sent_ns: int, ended_ns: int) -> None:
        self.sent_ns = self.first_ns = sent_ns
        self.ended_ns = ended_ns

    def header(self, name: str) -> str | None:
        """Return None."""
        return None
