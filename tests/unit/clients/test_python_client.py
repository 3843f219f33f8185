from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hormesis.clients.python import Python
from hormesis.words.trouble import InputTrouble
from tests.unit.clients.fake_user import FakeUser

pytestmark = pytest.mark.anyio

ORDERS = '''
from neighbour import GREETING

class Order:
    def __init__(self, user, *, item="tea"):
        self.user, self.item, self.closed = user, item, False

    async def iterate(self):
        async with self.user.op("order", item=self.item) as recording:
            recording.note(greeting=GREETING)

class Blocking:
    def __init__(self, user):
        import threading
        self.user, self.made_in = user, threading.get_ident()

    def open(self):
        self.opened = True

    def iterate(self):
        import threading
        with self.user.op("order", opened=self.opened) as recording:
            recording.note(thread=threading.get_ident() == self.made_in)
        self.user.pause(2.5)

class Failing(Blocking):
    def iterate(self):
        with self.user.op("order"):
            raise ConnectionResetError("gone")

class Derived(Order):
    pass

class Idle:
    pass

class Hollow(Idle):
    pass

value = 3
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    monkeypatch.delitem(__import__("sys").modules, "neighbour", raising=False)
    (tmp_path / "orders.py").write_text(ORDERS)
    (tmp_path / "neighbour.py").write_text("GREETING = 'hello'\n")
    (tmp_path / "broken.py").write_text("class A:\n  def iterate(self:\n")
    (tmp_path / "bomb.py").write_text("class A:\n  def iterate(self): ...\n1 / 0\n")
    return tmp_path


def kind(folder: Path, use: str, **options: Any) -> Python:
    given = {"use": use, "with": options} if options else {"use": use}
    return Python.model_validate(given, context={"folder": str(folder)})


async def test_a_class_of_a_file_is_played(folder: Path) -> None:
    user = FakeUser()
    client = kind(folder, "orders.py:Order", item="milk").make(user)
    await client.open()
    await client.iterate()
    await client.close()
    assert user.told() == [("order", "ok", "")]
    assert user.ops[0].value == {"item": "milk", "greeting": "hello"}


async def test_a_blocking_class_has_a_thread_of_its_own(folder: Path) -> None:
    user = FakeUser()
    client = kind(folder, "orders.py:Blocking").make(user)
    await client.open()
    await client.iterate()
    await client.close()
    assert user.told() == [("order", "ok", "")]
    assert user.ops[0].value == {"opened": True, "thread": True}
    assert user.pauses == [2.5]


async def test_a_blocking_failure_is_recorded_and_goes_on(folder: Path) -> None:
    user = FakeUser()
    client = kind(folder, "orders.py:Failing").make(user)
    await client.open()
    with pytest.raises(ConnectionResetError):
        await client.iterate()
    await client.close()
    assert user.told() == [("order", "info", "ConnectionResetError")]


async def test_closing_an_unopened_blocking_client_is_fine(folder: Path) -> None:
    before = threading.active_count()
    await kind(folder, "orders.py:Blocking").make(FakeUser()).close()
    assert threading.active_count() == before


@pytest.mark.parametrize("name", ["Order", "Derived"])
def test_good_references(folder: Path, name: str) -> None:
    assert kind(folder, f"orders.py:{name}").describe() == f"python(orders.py:{name})"


def test_checking_runs_no_code(folder: Path) -> None:
    assert kind(folder, "bomb.py:A").use == "bomb.py:A"


def test_modules_are_found_without_importing_them() -> None:
    with pytest.raises(ValidationError, match="did you mean FakeUser"):
        kind(Path(), "tests.unit.clients.fake_user:FakeUsr")


@pytest.mark.parametrize(
    ("use", "fragment"),
    [
        ("orders", "expected path/to/file.py:Class"),
        ("orders.py", "orders.py defines no user; did you mean one of orders.py:Order"),
        (":Order", "expected path/to/file.py:Class"),
        ("orders.py:1x", "expected path/to/file.py:Class"),
        ("absent.py:Order", "no file absent.py"),
        ("orders.py:Ordr", "did you mean Order?"),
        ("orders.py:Zzzzzzz", "its classes are: Order"),
        ("orders.py:Idle", "no method iterate"),
        ("broken.py:A", "is no Python, line 2"),
        ("nowhere.at.all:A", "no module nowhere.at.all"),
        ("tests.unit.absent:A", "no module tests.unit.absent"),
    ],
)
def test_bad_references_are_found_before_the_run(folder: Path, use: str, fragment: str) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(folder, use)
    assert fragment in str(caught.value)


@pytest.mark.parametrize(
    ("use", "options", "fragment"),
    [
        ("orders.py:Hollow", {}, "no method iterate"),
        ("orders.py:value", {}, "defines no class value"),
        ("orders.py:Order", {"itm": 1}, "unexpected keyword argument 'itm'"),
    ],
)
def test_what_only_the_code_tells_is_told_when_it_is_made(
    folder: Path, use: str, options: dict[str, Any], fragment: str
) -> None:
    with pytest.raises(InputTrouble, match=r".") as caught:
        kind(folder, use, **options).make(FakeUser())
    assert fragment in str(caught.value)


def test_options_stay_out_of_the_description(folder: Path) -> None:
    text = kind(folder, "orders.py:Order", item="secret").describe()
    assert text == "python(orders.py:Order with item)"
