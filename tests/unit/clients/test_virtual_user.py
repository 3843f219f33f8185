from __future__ import annotations

import threading
from collections import Counter as Tally
from contextvars import Context
from typing import Any

import pytest

from hormesis.clients.virtual.task import Choice, tasks_of
from hormesis.load import (
    Counter,
    EndIteration,
    Gauge,
    Rate,
    SequentialTasks,
    SequentialTaskSet,
    TaskSet,
    Trend,
    User,
    between,
    constant,
    constant_pacing,
    constant_throughput,
    tag,
    task,
)
from hormesis.words.metric import MetricSort
from tests.unit.clients.fake_user import FakeUser

pytestmark = pytest.mark.anyio

ORDERS = Counter("orders_placed")


async def play(cls: type[User], iterations: int, **options: Any) -> tuple[Any, FakeUser]:
    """Return a user of *cls* and its engine's user after some iterations."""
    engine = FakeUser()
    user = cls(engine, **options)
    await user.open()
    for _ in range(iterations):
        await user.iterate()
    return user, engine


class Diary(User):
    """Writes down what it does."""

    abstract = True

    def __init__(self, user: Any, **options: Any) -> None:
        super().__init__(user, **options)
        self.done: list[str] = []


async def test_tasks_are_drawn_by_weight_from_the_users_own_stream() -> None:
    class Buyer(Diary):
        @task(3)
        async def browse(self) -> None:
            self.done.append("browse")

        @task
        async def buy(self) -> None:
            self.done.append("buy")

    user, _ = await play(Buyer, 400)
    again, _ = await play(Buyer, 400)
    assert user.done == again.done
    assert 250 < Tally(user.done)["browse"] < 350


async def test_an_inherited_task_is_there_and_an_overridden_one_is_not_twice() -> None:
    class Base(Diary):
        @task
        async def one(self) -> None:
            self.done.append("base")

        @task
        async def two(self) -> None:
            self.done.append("two")

    class Derived(Base):
        @task(5)
        async def one(self) -> None:
            self.done.append("derived")

        async def two(self) -> None:
            raise AssertionError("no task any more")

    tasks = tasks_of(Derived, Choice())
    assert [one.weight for one in tasks.every] == [5]
    user, _ = await play(Derived, 5)
    assert user.done == ["derived"] * 5


async def test_on_start_and_on_stop_are_called_once() -> None:
    class Buyer(Diary):
        async def on_start(self) -> None:
            self.done.append("start")

        async def on_stop(self) -> None:
            self.done.append("stop")

        @task
        async def buy(self) -> None:
            self.done.append("buy")

    user, _ = await play(Buyer, 2)
    await user.close()
    assert user.done == ["start", "buy", "buy", "stop"]


@pytest.mark.parametrize(
    ("wait", "pauses"),
    [
        (constant(2), [2, 2]),
        (constant_pacing(3), [2.5, 2.5]),
        (constant_throughput(2), []),
        (constant_throughput(0.5), [1.5, 1.5]),
    ],
)
async def test_waiting_times(wait: Any, pauses: list[float]) -> None:
    class Buyer(User):
        wait_time = wait

        @task
        async def buy(self) -> None:
            self.clock.time += 0.5  # type: ignore[attr-defined]

    _, engine = await play(Buyer, 2)
    assert engine.pauses == pauses


async def test_between_and_a_waiting_time_of_ones_own() -> None:
    class Drawn(User):
        wait_time = between(1, 2)

        @task
        async def buy(self) -> None:
            pass

    class Own(Drawn):
        def wait_time(self) -> float:
            return 7

    _, engine = await play(Drawn, 20)
    assert all(1 <= one <= 2 for one in engine.pauses)
    assert len(set(engine.pauses)) > 10
    _, engine = await play(Own, 1)
    assert engine.pauses == [7]
    with pytest.raises(ValueError, match="expected between"):
        between(2, 1)


async def test_a_load_with_arrivals_takes_no_waiting_time() -> None:
    class Buyer(User):
        wait_time = constant(5)

        @task
        async def buy(self) -> None:
            pass

    engine = FakeUser()
    engine.arrivals = True
    user = Buyer(engine)
    await user.open()
    await user.iterate()
    assert engine.pauses == []


class Nested(Diary):
    wait_time = constant(1)

    @task
    class Shop(TaskSet):
        wait_time = constant(2)

        async def on_start(self) -> None:
            self.user.done.append("in")

        async def on_stop(self) -> None:
            self.user.done.append("out")

        @task
        async def look(self) -> None:
            self.user.done.append("look")
            if self.user.done.count("look") % 2 == 0:
                self.interrupt()


async def test_a_set_is_stayed_in_until_it_is_interrupted() -> None:
    user, engine = await play(Nested, 3)
    assert user.done == ["in", "look", "look", "out", "in", "look"]
    assert engine.pauses == [2, 1, 2]
    await user.close()
    assert user.done[-1] == "out"


async def test_a_sequence_is_one_iteration() -> None:
    class Buyer(Diary):
        wait_time = constant(1)

        @task
        class Order(SequentialTaskSet):
            @task
            async def first(self) -> None:
                self.user.done.append("first")

            @task(2)
            async def second(self) -> None:
                self.user.done.append("second")

            @task
            class Inner(SequentialTasks):
                @task
                async def deep(self) -> None:
                    self.user.done.append(f"deep {self.rng is self.user.rng}")
                    self.interrupt()

                @task
                async def never(self) -> None:
                    self.user.done.append("never")

            @task
            async def last(self) -> None:
                self.user.done.append("last")

    user, engine = await play(Buyer, 1)
    assert user.done == ["first", "second", "second", "deep True", "last"]
    assert engine.pauses == [1, 1, 1, 1, 1]
    assert engine.rests == [1], "only after the last of a sequence is nothing left to do"


async def test_tags_choose_tasks() -> None:
    class Buyer(User):
        @tag("smoke")
        @task
        async def a(self) -> None:
            pass

        @task
        async def b(self) -> None:
            pass

        @tag("slow", "smoke")
        @task
        async def c(self) -> None:
            pass

    def names(**choice: Any) -> list[str]:
        chosen = Choice(**{key: frozenset(value) for key, value in choice.items()})
        return [one.call.__name__ for one in tasks_of(Buyer, chosen).every]

    assert names() == ["a", "b", "c"]
    assert names(only=["smoke"]) == ["a", "c"]
    assert names(without=["slow"]) == ["a", "b"]
    assert names(only=["smoke"], without=["slow"]) == ["a"]


async def test_tasks_from_a_list_or_mapping() -> None:
    async def one(user: Any) -> None:
        user.done.append("one")

    def two(user: Any) -> None:
        user.done.append("two")

    class Listed(Diary):
        tasks = (one,)

    class Mapped(Diary):
        tasks = {one: 1, two: 4}  # noqa: RUF012 - as a script has it

    class Wrong(Diary):
        tasks = ("one",)

    user, _ = await play(Listed, 2)
    assert user.done == ["one", "one"]
    assert [one.weight for one in tasks_of(Mapped, Choice()).every] == [1, 4]
    with pytest.raises(ValueError, match="expected functions or classes"):
        await play(Wrong, 0)


async def test_ending_an_iteration_and_a_user() -> None:
    class Buyer(Diary):
        wait_time = constant(2)

        @task
        async def buy(self) -> None:
            self.done.append("buy")
            if len(self.done) == 1:
                raise EndIteration
            self.stop()

    user, engine = await play(Buyer, 1)
    left = [engine.left]
    await user.iterate()
    left.append(engine.left)
    assert user.done == ["buy", "buy"]
    assert left == [False, True]
    # It does not wait for a task that never comes.
    assert engine.pauses == [2.0]


async def test_an_exception_of_a_task_goes_to_the_engine() -> None:
    class Buyer(User):
        @task
        async def buy(self) -> None:
            raise KeyError("x")

    with pytest.raises(KeyError):
        await play(Buyer, 1)


async def test_plain_methods_run_in_a_thread_of_their_own() -> None:
    here = threading.get_ident()

    class Buyer(Diary):
        def on_start(self) -> None:
            self.done.append(str(threading.get_ident() != here))

        @task
        def buy(self) -> None:
            with self.group("g"), self.op("order", n=1):
                self.done.append("buy")
            self.check("fine", True)
            ORDERS.add(2, kind="x")
            self.pause(4)

    user, engine = await play(Buyer, 1)
    await user.close()
    assert user.done == ["True", "buy"]
    assert engine.told() == [("order", "ok", "")]
    assert engine.pauses == [4]
    assert engine.checks == [("fine", True)]
    assert engine.added == [(MetricSort.COUNTER, "orders_placed", 2.0, {"kind": "x"})]


async def test_own_metrics_find_their_user() -> None:
    gauge, rate, trend = Gauge("level"), Rate("hits"), Trend("took")

    class Buyer(User):
        @task
        async def buy(self) -> None:
            ORDERS.add()
            gauge.set(3)
            rate.add("yes")
            trend.add(0.5)

    _, engine = await play(Buyer, 1)
    assert [(sort.value, name, value) for sort, name, value, _ in engine.added] == [
        ("counter", "orders_placed", 1.0),
        ("gauge", "level", 3.0),
        ("rate", "hits", 1.0),
        ("trend", "took", 0.5),
    ]


def test_a_metric_outside_of_a_user_and_wrong_names() -> None:
    with pytest.raises(RuntimeError, match="virtual user"):
        Context().run(ORDERS.add)
    with pytest.raises(ValueError, match="metric name"):
        Counter("a b")
    with pytest.raises(ValueError, match="measured anyway"):
        Trend("http_req_duration")


async def test_options_set_attributes_that_exist() -> None:
    class Buyer(User):
        item = "milk"

        @task
        async def buy(self) -> None:
            pass

    user, _ = await play(Buyer, 0, item="tea")
    assert user.item == "tea"
    with pytest.raises(TypeError, match="has no option itme"):
        await play(Buyer, 0, itme="tea")


async def test_a_user_without_tasks_is_refused() -> None:
    class Nobody(User):
        pass

    with pytest.raises(ValueError, match="Nobody has no task"):
        await play(Nobody, 0)


@pytest.mark.parametrize("weight", [0, -1, 1.5, "3"])
def test_wrong_weights(weight: Any) -> None:
    with pytest.raises(ValueError, match="expected a weight"):
        task(weight)
    with pytest.raises(ValueError, match="expected names"):
        tag()
