"""The virtual user that plays an ``http`` client's steps in an HTTP session of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

from hormesis.clients.session.answer import Answer, FullAnswer
from hormesis.clients.session.call import Call
from hormesis.clients.session.http_session import HttpSession
from hormesis.clients.steps.answer import Meaning, detail_of, meaning_of
from hormesis.clients.steps.step import Step, Think, think_of
from hormesis.clients.steps.template import Template, Values, filled
from hormesis.host.http_trouble import HttpTrouble
from hormesis.host.json_path import Missing, at_path
from hormesis.words.client import User
from hormesis.words.kind import Scalar
from hormesis.words.op import Ended

CONNECT_S = 0.5
"""How long opening may take before the user is at work, and its first request waits for it."""

_TYPES = {
    "json_": "application/json",
    "form": "application/x-www-form-urlencoded",
    "body": "text/plain; charset=utf-8",
}


class CompiledStep:
    """A step with its templates compiled, shared by all users of one client."""

    def __init__(self, step: Step, timeout_s: float) -> None:
        self.name = step.name
        self.method = step.method
        self.timeout_s = step.timeout or timeout_s
        self.repeat = step.repeat
        self.chance = step.chance
        self.think = step.think
        self.continue_on_error = step.continue_on_error
        self.take = tuple(step.take.items())
        self.definite = frozenset(step.definite)
        self.target = filled(step.path, lambda text: quote(text, safe=""))
        self.record = [(name, Template(source)) for name, source in step.record.items()]
        self.when = Template(step.when) if step.when is not None else None
        self.unless = Template(step.unless) if step.unless is not None else None
        self.expect = Template(step.expected)
        self.reads_json = bool(step.take) or bool(set(step.expected) - {"status"})
        self._body, kind = _body_of(step)
        headers = dict(step.headers)
        given = "content-type" in {name.lower() for name in headers}
        self.content_type = "" if given else kind
        self._headers = [
            (name, filled(value, lambda text: text)) for name, value in headers.items()
        ]
        fixed = not ("{{" in step.path or headers or step.record or step.expected or step.take)
        quick = fixed and step.method == "GET" and not step.definite and step.timeout is None
        self.plain = step.path if quick else ""
        """The path of a request that is always the same, and only has to be answered with 2xx."""

    def wanted(self, values: Values) -> bool:
        """Return whether its conditions hold, and the draw if there is one."""
        if self.chance < 1 and values.rng.random() >= self.chance:
            return False
        if self.when is not None and _empty(self.when.render(values)):
            return False
        return self.unless is None or _empty(self.unless.render(values))

    def headers(self, values: Values) -> dict[str, str]:
        """Return the request's own headers."""
        return {name: fill(values) for name, fill in self._headers}

    def body(self, values: Values) -> bytes | None:
        """Return the request's body."""
        return self._body(values) if self._body else None

    def noted(self, values: Values) -> dict[str, Scalar]:
        """Return what to record, without what is empty."""
        rendered = ((name, template.render(values)) for name, template in self.record)
        return {name: _scalar(value) for name, value in rendered if not _empty(value)}


class HttpUser:
    """One virtual user: its variables and its connection."""

    def __init__(
        self,
        user: User,
        session: HttpSession,
        steps: Sequence[CompiledStep],
        *,
        initial: Mapping[str, Template],
        backoff_s: float,
        think: Think | None,
        pace_s: float,
    ) -> None:
        self._user = user
        self._session = session
        self._steps = steps
        self._initial = initial
        self._backoff_s = backoff_s
        self._think = think
        self._pace_s = pace_s
        self._values = Values(user.number, user.load, user.rng)

    async def open(self) -> None:
        """Connect, so that a burst sends at once; the first request tries again if this fails."""
        # Never longer than a request may take: a user that is late already would be late for more.
        patience_s = min([CONNECT_S, *(step.timeout_s for step in self._steps)])
        with suppress(OSError, HttpTrouble):
            await self._session.connect(patience_s)

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def iterate(self) -> None:
        """Play all steps once; one that is not ok ends it, after a pause, unless it may go on."""
        started = self._user.clock.now() if self._pace_s else 0.0
        values = self._values
        values.iteration += 1
        for name, template in self._initial.items():
            values.variables[name] = template.render(values)
        played = 0
        last = self._steps[-1]
        for step in self._steps:
            for repetition in range(1, step.repeat + 1):
                values.repetition = repetition
                if not step.wanted(values):
                    break
                played += 1
                if not await self._play(step):
                    await self._back_off()
                    if not step.continue_on_error:
                        return
                over = step is last and repetition == step.repeat
                await think_of(self._user, step.think, last=over)
        if not played:
            # An iteration without any request must not become a busy loop.
            await self._back_off()
        await think_of(self._user, self._think, last=True)
        if self._pace_s and (rest := started + self._pace_s - self._user.clock.now()) > 0:
            await self._user.rest(rest)

    async def _play(self, step: CompiledStep) -> bool:
        values = self._values
        if step.plain:
            answer: Answer = await self._session.get(step.plain, name=step.name)
            return 200 <= answer.status < 300
        call = Call(
            step.method,
            step.target(values),
            step.name,
            headers=step.headers(values),
            body=step.body(values),
            content_type=step.content_type,
            timeout_s=step.timeout_s,
            follow=False,
            definite=step.definite,
        )
        expected = step.expect.render(values)
        for name, _ in step.take:
            # A variable must not keep an older answer's value when this one brings none.
            values.variables.pop(name, None)
        answer, due_ns = await self._session.play(call)
        if answer.error:
            meaning = Meaning(answer.ended, answer.word, str(call.note.pop("answer", "")))
        else:
            meaning = meaning_of(
                step.method,
                answer.status,
                answer.body,
                expected=expected,
                definite=step.definite,
                reads_json=step.reads_json,
            )
        self._take(step, meaning)
        call.note.update(step.noted(values))
        if meaning.detail:
            call.note["answer"] = meaning.detail
        answer.ended, answer.word = meaning.ended, meaning.error
        self._session.settle(call, answer, due_ns)
        return meaning.ended is Ended.OK

    def _take(self, step: CompiledStep, meaning: Meaning) -> None:
        if meaning.ended is not Ended.OK:
            return
        for name, path in step.take:
            try:
                self._values.variables[name] = at_path(meaning.data, path)
            except Missing:
                continue

    async def _back_off(self) -> None:
        await self._user.pause(self._backoff_s * self._user.rng.uniform(0.5, 1.5))


def _body_of(step: Step) -> tuple[Callable[[Values], bytes] | None, str]:
    """Return how a step's body is made, and its content type; (None, "") without one."""
    given = step.model_fields_set & set(_TYPES)
    if not given:
        return None, ""
    (name,) = given
    template = Template(getattr(step, name))
    if name == "json_":
        return lambda values: json.dumps(template.render(values)).encode(), _TYPES[name]
    if name == "form":
        return lambda values: urlencode(_form(template.render(values))).encode(), _TYPES[name]
    return lambda values: template.text(values).encode(), _TYPES[name]


def _form(fields: Mapping[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in fields.items()}


def tell_detail(call: Call, answer: FullAnswer) -> None:
    """Note how an answer begins that was not ok."""
    if answer.ended is not Ended.OK and "answer" not in call.note:
        detail = detail_of(answer.body)
        if detail:
            call.note["answer"] = detail


def _empty(value: Any) -> bool:
    # The number 0 equals False, but it is a value: a job may well be called that.
    return value is None or value is False or value in ("", [], {})


def _scalar(value: Any) -> Scalar:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value)
