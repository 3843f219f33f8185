"""The API of tasks: submit, look, change, count."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from proving_ground.database import Database
from proving_ground.database_trouble import DatabaseTrouble
from proving_ground.queen import breakers, statistics, tasks
from proving_ground.queen.canaries import (
    ACKNOWLEDGED_BEFORE_WRITTEN,
    BREAKER_REFUSES_LATE,
    IDEMPOTENCY_IN_MEMORY,
    IDEMPOTENCY_KEY_DROPPED,
    IDEMPOTENCY_KEY_WRITTEN_LATE,
    LISTS_FAIL_NOW_AND_THEN,
    LOST_SUBMISSION,
    MEMORY_LEAK_UNDER_LOAD,
    REPETITION_ANSWERED_ANEW,
    STATISTICS_SLOW,
    SUBMISSIONS_FAIL_NOW_AND_THEN,
    SUBMISSIONS_STAY_REFUSED,
)
from proving_ground.queen.endpoint import (
    ADMIN,
    ANYONE,
    MODERATOR,
    USER,
    Endpoint,
    Refused,
    Schema,
)
from proving_ground.queen.gate import owner_filter
from proving_ground.queen.metrics import QueenMetrics
from proving_ground.queen.paging import LIMIT, OFFSET, page_of, text_of
from proving_ground.queen.settings import QueenSettings
from proving_ground.queen.statistics import STATUSES
from proving_ground.queen.task_types import TASK_TYPES, checked_payload
from proving_ground.request_body import BadRequest, Body, checked_text

_PRIORITY_MAX = 1000
_ATTEMPTS_MAX = 100
_LEAK_BYTES = 1024 * 1024
_LISTS_FAIL_EVERY = 3
_LOST_EVERY = 5
_NEEDLESS_S = 0.05
_KEY_AFTER_S = 0.5
_LATE_S = 4.0
_RETRIABLE = ("failed", "dead", "cancelled")
_DELETABLE = ("pending", "completed", "failed", "dead", "cancelled")
_DEAD = ("dead",)

_TEXT: Schema = {"type": "string"}
_NEW_TASK: Mapping[str, Schema] = {
    "type*": {"type": "string", "enum": list(TASK_TYPES)},
    "payload": {"type": "object"},
    "tags": {"type": "array", "items": _TEXT},
    "tag": _TEXT,
    "priority": {"type": "integer", "minimum": -_PRIORITY_MAX, "maximum": _PRIORITY_MAX},
    "max_attempts": {"type": "integer", "minimum": 1, "maximum": _ATTEMPTS_MAX},
    "idempotency_key": _TEXT,
}
_UNAUTHORIZED = "no token, or one that is not good"
_NOT_FOUND = "no such task that the user may see"
_OTHER_STATE = "the task is in another state"


class TaskRoutes:
    """What the API answers about tasks."""

    def __init__(self, settings: QueenSettings, database: Database, metrics: QueenMetrics) -> None:
        self._settings = settings
        self._database = database
        self._metrics = metrics
        self._kept: list[bytearray] = []
        self._lists = 0
        self._submissions = 0
        self._remembered: dict[str, tasks.Submitted] = {}
        self._lost_sight = False

    def endpoints(self) -> list[Endpoint]:
        """Return the operations, those of fixed paths first."""
        status: Schema = {**_TEXT, "enum": list(STATUSES)}
        filters: Mapping[str, Schema] = {"tag": _TEXT, "status": status, "type": _TEXT}
        refused = {400: "not understood", 401: _UNAUTHORIZED}
        breaker = {503: "the breaker of the type is open, or the database is out of reach"}
        one = {401: _UNAUTHORIZED, 404: _NOT_FOUND}
        page: Mapping[str, Schema] = {"limit": LIMIT, "offset": OFFSET}
        new_task = {"$ref": "#/components/schemas/NewTask"}
        batch: Mapping[str, Schema] = {"tasks*": {"type": "array", "items": new_task}}
        return [
            Endpoint("POST", "/tasks", self._submit, "Submit a task",
                     {201: "the new task", 200: "the task that this key made before", **refused,
                      **breaker}, USER, _NEW_TASK),
            Endpoint("POST", "/tasks/batch", self._batch, "Submit tasks, all or none",
                     {201: "their ids, in order", **refused, **breaker}, USER, batch),
            Endpoint("GET", "/tasks", self._list, "List tasks, latest first",
                     {200: "tasks", **refused}, USER, query={**filters, **page}),
            Endpoint("GET", "/tasks/stats", self._stats, "Count tasks by status",
                     {200: "counts", **refused}, USER, query={"tag": _TEXT}),
            Endpoint("GET", "/tasks/dead-letter", self._dead, "List tasks that failed for good",
                     {200: "tasks", **refused}, USER, query={"tag": _TEXT, **page}),
            Endpoint("POST", "/tasks/dead-letter/{id}/retry", self._retry_dead,
                     "Put a dead task back into the queue",
                     {200: "it is pending", 409: _OTHER_STATE, **one}, USER),
            Endpoint("DELETE", "/tasks/dead-letter/{id}", self._delete_dead, "Forget a dead task",
                     {200: "it is gone", 403: "moderators only", 409: _OTHER_STATE, **one},
                     MODERATOR),
            Endpoint("GET", "/tasks/{id}", self._one, "Look at a task and its executions",
                     {200: "the task", **one}, USER),
            Endpoint("POST", "/tasks/{id}/cancel", self._cancel, "Cancel what has not begun",
                     {200: "it is cancelled", 409: _OTHER_STATE, **one}, USER),
            Endpoint("POST", "/tasks/{id}/retry", self._retry, "Run a task again",
                     {200: "it is pending", 409: _OTHER_STATE, **one}, USER),
            Endpoint("DELETE", "/tasks/{id}", self._delete, "Delete a task",
                     {200: "it is gone", 403: "administrators only", 409: _OTHER_STATE, **one},
                     ADMIN),
            Endpoint("GET", "/task-types", self._types, "What kinds of task there are",
                     {200: "the types"}, needs_schema=False),
            Endpoint("POST", "/webhooks/{receiver}", self._receive,
                     "Receive a webhook; a repeated Idempotency-Key is noted once",
                     {201: "noted", 200: "noted before"}, ANYONE,
                     {"task_id": _TEXT}),
            Endpoint("GET", "/webhooks/{receiver}", self._received, "What webhooks brought",
                     {200: "deliveries", 401: _UNAUTHORIZED}, USER),
        ]

    def _new_task(self, body: Body) -> tasks.NewTask:
        tags = list(body.texts("tags", most=20) or ())
        tag = body.text_or_none("tag")
        task_type = body.text("type")
        return tasks.NewTask(
            type=task_type,
            payload=checked_payload(task_type, body.mapping("payload")),
            tags=[*tags, *([tag] if tag and tag not in tags else [])],
            priority=body.number(
                "priority", least=-_PRIORITY_MAX, most=_PRIORITY_MAX, otherwise=0
            ),
            max_attempts=body.number(
                "max_attempts", least=1, most=_ATTEMPTS_MAX, otherwise=tasks.ATTEMPTS_DEFAULT
            ),
            idempotency_key=body.text_or_none("idempotency_key"),
            id=tasks.new_id(),
        )

    async def _submit(self, request: Request) -> Response:
        task = self._new_task(await Body.of(request))
        found = (await self._write(request, [task]))[task.id]
        told = task.id if REPETITION_ANSWERED_ANEW in self._settings.canaries else found.id
        document = {"id": told, "type": task.type, "status": found.status, "tags": task.tags}
        return JSONResponse({**document, "created": found.created}, 201 if found.created else 200)

    async def _batch(self, request: Request) -> Response:
        given = (await Body.of(request)).mappings("tasks", most=tasks.COUNT_MAX)
        new = [self._new_task(Body(fields)) for fields in given]
        found = await self._write(request, new)
        ids = [found[task.id].id for task in new]
        return JSONResponse({"ids": ids, "count": len(ids)}, 201)

    async def _write(
        self, request: Request, new: Sequence[tasks.NewTask]
    ) -> Mapping[str, tasks.Submitted]:
        canaries = self._settings.canaries
        self._submissions += 1
        if SUBMISSIONS_FAIL_NOW_AND_THEN in canaries and self._submissions % 2 == 0:
            raise Refused(500, "internal", "something went wrong")
        if LOST_SUBMISSION in canaries and self._submissions % _LOST_EVERY == 0:
            return {task.id: tasks.Submitted(task.id, True, "pending") for task in new}
        try:
            if SUBMISSIONS_STAY_REFUSED in canaries and await self._was_disturbed():
                raise Refused(503, "unavailable", "no tasks are taken")
            await self._refuse_failing({task.type for task in new})
            if IDEMPOTENCY_IN_MEMORY in canaries and (known := self._made_before(new)):
                return known
            found = await self._written(request.state.user.id, new)
        except DatabaseTrouble:
            self._lost_sight = True
            if ACKNOWLEDGED_BEFORE_WRITTEN not in canaries:
                raise
            return {task.id: tasks.Submitted(task.id, True, "pending") for task in new}
        for task in new:
            if task.idempotency_key is not None and IDEMPOTENCY_IN_MEMORY in canaries:
                self._remembered[task.idempotency_key] = replace(found[task.id], created=False)
            self._metrics.tasks_created.labels(task.type).inc()
            if MEMORY_LEAK_UNDER_LOAD in canaries:
                self._kept.append(bytearray(b"\1" * _LEAK_BYTES))
        return found

    async def _written(
        self, owner: str, new: Sequence[tasks.NewTask]
    ) -> Mapping[str, tasks.Submitted]:
        canaries = self._settings.canaries
        if not {IDEMPOTENCY_KEY_DROPPED, IDEMPOTENCY_KEY_WRITTEN_LATE} & canaries:
            return await tasks.submit(self._database, owner, new)
        after_s = _KEY_AFTER_S if IDEMPOTENCY_KEY_WRITTEN_LATE in canaries else None
        found: dict[str, tasks.Submitted] = {}
        for task in new:
            found |= await tasks.submit_without_key(
                self._database, owner, task, key_after_s=after_s
            )
        return found

    async def _refuse_failing(self, task_types: Iterable[str]) -> None:
        canaries = self._settings.canaries
        for task_type in sorted(task_types):
            if await breakers.is_open(self._database, canaries, task_type):
                if BREAKER_REFUSES_LATE in canaries:
                    await asyncio.sleep(_LATE_S)
                raise Refused(503, "breaker-open", f"tasks of type {task_type} fail just now")

    def _made_before(self, new: Sequence[tasks.NewTask]) -> Mapping[str, tasks.Submitted]:
        """Return what a repeated submission made before; nothing when any of it is new."""
        keys = {task.id: task.idempotency_key or "" for task in new}
        if not self._remembered.keys() >= set(keys.values()):
            return {}
        return {task_id: self._remembered[key] for task_id, key in keys.items()}

    async def _was_disturbed(self) -> bool:
        (found,) = await self._database.fetch("SELECT count(*) AS starts FROM starts", {})
        return self._lost_sight or found["starts"] > 1

    async def _list(self, request: Request) -> Response:
        self._lists += 1
        failing = LISTS_FAIL_NOW_AND_THEN in self._settings.canaries
        if failing and self._lists % _LISTS_FAIL_EVERY == 0:
            raise Refused(500, "internal", "something went wrong")
        status, task_type = text_of(request, "status"), text_of(request, "type")
        if status is not None and status not in STATUSES:
            raise BadRequest(f"status: one of {', '.join(STATUSES)} was expected")
        if task_type is not None and task_type not in TASK_TYPES:
            raise BadRequest(f"type: one of {', '.join(TASK_TYPES)} was expected")
        limit, offset = page_of(request)
        found = await tasks.listed(
            self._database,
            owner=owner_filter(request.state.user),
            tag=text_of(request, "tag"),
            status=status,
            type=task_type,
            limit=limit,
            offset=offset,
        )
        return JSONResponse({"tasks": list(found), "count": len(found)})

    async def _stats(self, request: Request) -> Response:
        found = await statistics.of_tag(
            self._database,
            self._settings.canaries,
            tag=text_of(request, "tag"),
            owner=owner_filter(request.state.user),
        )
        if STATISTICS_SLOW in self._settings.canaries:
            await asyncio.sleep(_NEEDLESS_S * found["total"])
        return JSONResponse(found)

    async def _dead(self, request: Request) -> Response:
        limit, offset = page_of(request)
        found = await tasks.listed(
            self._database,
            owner=owner_filter(request.state.user),
            tag=text_of(request, "tag"),
            status="dead",
            type=None,
            limit=limit,
            offset=offset,
        )
        return JSONResponse({"tasks": list(found), "count": len(found)})

    async def _one(self, request: Request) -> Response:
        found = await tasks.one(self._database, _id(request), owner_filter(request.state.user))
        if found is None:
            raise Refused(404, "not-found", "no such task")
        return JSONResponse(found)

    async def _cancel(self, request: Request) -> Response:
        task_id, owner = _id(request), owner_filter(request.state.user)
        if not await tasks.cancel(self._database, task_id, owner):
            await self._refuse(task_id, owner)
        return JSONResponse({"id": task_id, "status": "cancelled"})

    async def _retry(self, request: Request) -> Response:
        return await self._again(request, _RETRIABLE)

    async def _retry_dead(self, request: Request) -> Response:
        return await self._again(request, _DEAD)

    async def _again(self, request: Request, statuses: Sequence[str]) -> Response:
        task_id, owner = _id(request), owner_filter(request.state.user)
        canaries = self._settings.canaries if statuses is _DEAD else frozenset[str]()
        if not await tasks.retry(self._database, canaries, task_id, owner, statuses):
            await self._refuse(task_id, owner)
        return JSONResponse({"id": task_id, "status": "pending"})

    async def _delete(self, request: Request) -> Response:
        return await self._forget(request, _DELETABLE)

    async def _delete_dead(self, request: Request) -> Response:
        return await self._forget(request, _DEAD)

    async def _forget(self, request: Request, statuses: Sequence[str]) -> Response:
        task_id, owner = _id(request), owner_filter(request.state.user)
        if not await tasks.delete(self._database, task_id, owner, statuses):
            await self._refuse(task_id, owner)
        return JSONResponse({"id": task_id, "deleted": True})

    async def _refuse(self, task_id: str, owner: str | None) -> None:
        found = await tasks.one(self._database, task_id, owner)
        if found is None:
            raise Refused(404, "not-found", "no such task")
        raise Refused(409, "other-state", f"the task is {found['status']}")

    async def _types(self, _request: Request) -> Response:
        types = [{"type": name, "payload": text} for name, text in TASK_TYPES.items()]
        return JSONResponse({"types": types})

    async def _receive(self, request: Request) -> Response:
        body = await Body.of(request)
        receiver = checked_text("receiver", request.path_params["receiver"])
        key = request.headers.get("idempotency-key")
        new = await tasks.deliver(self._database, receiver, body.text_or_none("task_id"), key)
        return JSONResponse({"noted": new}, 201 if new else 200)

    async def _received(self, request: Request) -> Response:
        receiver = checked_text("receiver", request.path_params["receiver"])
        found = await tasks.deliveries(self._database, receiver)
        return JSONResponse({"deliveries": list(found), "count": len(found)})


def _id(request: Request) -> str:
    return checked_text("id", request.path_params["id"])
