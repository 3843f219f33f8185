"""What load scripts are made of: ``from hormesis.load import HttpUser, task, between``."""

from __future__ import annotations

from hormesis.clients.session.answer import Answer, FullAnswer
from hormesis.clients.session.http_session import HttpSession
from hormesis.clients.session.listeners import on_request
from hormesis.clients.virtual.endings import EndIteration, StopUser
from hormesis.clients.virtual.feed import Feed, FeedExhausted, csv_feed, json_feed
from hormesis.clients.virtual.function_user import scenario
from hormesis.clients.virtual.metric import Counter, Gauge, Rate, Trend
from hormesis.clients.virtual.shape import LoadShape
from hormesis.clients.virtual.task import tag, task
from hormesis.clients.virtual.task_set import SequentialTasks, TaskSet
from hormesis.clients.virtual.user import HttpUser, User
from hormesis.clients.virtual.wait import (
    between,
    constant,
    constant_pacing,
    constant_throughput,
)
from hormesis.words.client import Refused

SequentialTaskSet = SequentialTasks

_ELSEWHERE = {
    "FastHttpUser": "HttpUser is as fast",
    "LoadTestShape": "it is called LoadShape",
    "Locust": "it is called User",
    "HttpLocust": "it is called HttpUser",
    "constant_total_ips": "a load with --rate says how many iterations begin per second",
    "events": "@on_request listens to requests; setup() and teardown() run once around the load",
    "run_single_user": "`hormesis load SCRIPT --vus 1 -n 1` plays one user once",
    "wait_time": "it is an attribute of the class: wait_time = between(1, 3)",
    "http": "derive from HttpUser, and use self.http",
    "check": "use self.check(name, passed)",
    "group": "use `with self.group(name):`",
    "sleep": "use `await self.pause(seconds)`",
}
"""Names that scripts written for Locust or k6 ask for, and what there is in their place."""


def __getattr__(name: str) -> object:
    if name in _ELSEWHERE:
        raise ImportError(f"hormesis.load has no {name}: {_ELSEWHERE[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

__all__ = [
    "Answer",
    "Counter",
    "EndIteration",
    "Feed",
    "FeedExhausted",
    "FullAnswer",
    "Gauge",
    "HttpSession",
    "HttpUser",
    "LoadShape",
    "Rate",
    "Refused",
    "SequentialTaskSet",
    "SequentialTasks",
    "StopUser",
    "TaskSet",
    "Trend",
    "User",
    "between",
    "constant",
    "constant_pacing",
    "constant_throughput",
    "csv_feed",
    "json_feed",
    "on_request",
    "scenario",
    "tag",
    "task",
]
