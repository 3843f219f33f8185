"""What scripts that were written for Locust or k6 meet."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from hormesis.clients.python import Python
from hormesis.clients.session.http_session import NoBase
from hormesis.clients.virtual.metric import Counter, Trend
from hormesis.words.trouble import InputTrouble
from tests.unit.clients.fake_user import FakeUser

pytestmark = pytest.mark.anyio

STOPS = """
from hormesis.load import HttpUser, StopUser, task

class Shopper(HttpUser):
    async def on_start(self):
        raise StopUser

    @task
    async def buy(self):
        await self.http.get("/buy")
"""


def kind(folder: Path, text: str, **more: object) -> Python:
    (folder / "shop.py").write_text(text)
    return Python.model_validate({"use": "shop.py", **more}, context={"folder": str(folder)})


async def test_a_user_may_leave_for_good_in_on_start(tmp_path: Path) -> None:
    engine = FakeUser(1)
    await kind(tmp_path, STOPS).make(engine).open()
    assert engine.left


async def test_a_class_without_a_base_is_named(tmp_path: Path) -> None:
    client = kind(tmp_path, STOPS).make(FakeUser(1))
    with pytest.raises(NoBase, match=r"class Shopper has no base: .* or give --host URL"):
        await client.http.get("/buy")  # type: ignore[attr-defined]


def test_a_base_is_given_to_all_classes(tmp_path: Path) -> None:
    text = STOPS.replace("(HttpUser):", '(HttpUser):\n    base = "http://a"')
    made = kind(tmp_path, text, base="http://b:81").make(FakeUser(1))
    assert made.base == "http://b:81"  # type: ignore[attr-defined]
    with pytest.raises((InputTrouble, ValueError), match="expected a URL"):
        kind(tmp_path, text, base="b:81")


def test_k6s_second_argument_is_taken() -> None:
    assert Trend("waiting", True).name == "waiting"


def test_a_metrics_name_that_is_none_tells_the_rule() -> None:
    with pytest.raises(ValueError, match=r"2 to 128 letters, digits and underscores.*found 'm'"):
        Counter("m")


@pytest.mark.parametrize(
    ("name", "hint"), [("events", "on_request"), ("LoadTestShape", "LoadShape")]
)
def test_names_of_locust_lead_on(name: str, hint: str) -> None:
    module = importlib.import_module("hormesis.load")
    with pytest.raises(ImportError, match=hint):
        getattr(module, name)
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from hormesis.load import nothing")
