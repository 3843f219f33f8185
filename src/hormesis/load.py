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
