from __future__ import annotations

import pickle
from collections import Counter as Tally
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from hormesis.clients.code.script import Script, loaded_script
from hormesis.clients.python import Python
from hormesis.clients.virtual.user import HttpUser
from hormesis.words.client import ClientKind
from hormesis.words.trouble import InputTrouble
from tests.unit.clients.fake_user import FakeUser

pytestmark = pytest.mark.anyio

SHOP = """
from hormesis.load import HttpUser, LoadShape, User, scenario, tag, task

options = {"vus": 5}
told = []

def setup():
    told.append("setup")
    return {"token": "T"}

async def teardown(data):
    told.append(data)

class Base(User):
    abstract = True

    @task
    async def a(self):
        async with self.op(type(self).__name__, token=(self.setup_data or {}).get("token", "")):
            pass

class Buyer(Base):
    weight = 3

    @tag("rare")
    @task
    async def b(self):
        async with self.op("rare"):
            pass

class Admin(Base):
    fixed_count = 1
    item = "tea"

@scenario(1)
async def visit(user):
    async with user.op("visit"):
        user.check("is http", hasattr(user.http, "get"))

def plain(user):
    with user.op("plain"):
        pass

async def helper(user):
    raise AssertionError

class Wave(LoadShape):
    def tick(self):
        run_time = self.get_run_time()
        return (10, 2) if run_time < 5 else None
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def kind(folder: Path, use: str, **more: Any) -> Python:
    return Python.model_validate({"use": use, **more}, context={"folder": str(folder)})


def told_by(script: Script) -> list[Any]:
    """Return the list that the script's functions write to."""
    told: list[Any] = getattr(script.setup, "__globals__", {})["told"]
    return told


async def ops_of(kind: Python, number: int = 1, iterations: int = 1) -> FakeUser:
    engine = FakeUser(number)
    client = kind.make(engine)
    await client.open()
    for _ in range(iterations):
        await client.iterate()
    await client.close()
    return engine


def test_a_script_says_who_its_users_are(folder: Path) -> None:
    script = loaded_script(folder / "shop.py")
    assert [(one.name, one.weight, one.fixed_count) for one in script.users] == [
        ("Buyer", 3, 0), ("Admin", 1, 1), ("visit", 1, 0),
    ]  # fmt: skip
    assert script.options == {"vus": 5}
    assert [one.__name__ for one in script.shapes] == ["Wave"]
    named = [script.user(number).name for number in range(1, 42)]
    assert named[0] == "Admin"
    assert Tally(named[1:]) == {"Buyer": 30, "visit": 10}
    assert Tally(named[1:9]) == {"Buyer": 6, "visit": 2}


def test_a_shape_is_asked(folder: Path) -> None:
    shape = loaded_script(folder / "shop.py").shapes[0]()
    assert shape.tick() == (10, 2)
    shape.get_run_time = lambda: 5.0  # type: ignore[method-assign]
    assert shape.tick() is None


async def test_setup_and_teardown_are_around(folder: Path) -> None:
    script = loaded_script(folder / "shop.py")
    told = told_by(script)
    told.clear()
    with pytest.raises(KeyboardInterrupt):
        async with script.prepared() as data:
            assert told == ["setup"]
            raise KeyboardInterrupt
    assert told == ["setup", data]


async def test_teardown_is_called_when_setup_failed(folder: Path) -> None:
    bad = SHOP.replace('return {"token": "T"}', "raise OSError('no')")
    bad = bad.replace("teardown(data)", "teardown()").replace("append(data)", "append('down')")
    (folder / "bad.py").write_text(bad)
    script = loaded_script(folder / "bad.py")
    with pytest.raises(InputTrouble, match=r"setup\(\) raised OSError: no"):
        async with script.prepared():
            raise AssertionError
    assert told_by(script) == ["setup", "down"]


async def test_the_kind_plays_classes_functions_and_whole_scripts(folder: Path) -> None:
    assert (await ops_of(kind(folder, "shop.py:Admin"))).told() == [("Admin", "ok", "")]
    visited = await ops_of(kind(folder, "shop.py:visit"))
    assert (visited.told(), visited.checks) == ([("visit", "ok", "")], [("is http", True)])
    assert (await ops_of(kind(folder, "shop.py:plain"))).told() == [("plain", "ok", "")]
    whole = kind(folder, "shop.py")
    names = [(await ops_of(whole, number)).told()[0][0] for number in range(1, 6)]
    assert names[0] == "Admin"
    assert "visit" in names
    assert issubclass(type(kind(folder, "shop.py:visit").make(FakeUser())), HttpUser)


async def test_setup_data_travels_with_the_kind(folder: Path) -> None:
    given = kind(folder, "shop.py").with_setup_data({"token": "T"})
    engine = await ops_of(pickle.loads(pickle.dumps(given)))
    assert engine.ops[0].value == {"token": "T"}


async def test_every_script_is_set_up_once(folder: Path) -> None:
    (folder / "own.py").write_text("class Own:\n    def iterate(self): ...\n")
    uses = ["shop.py", "own.py:Own", "shop.py:Buyer"]
    kinds: list[ClientKind] = [kind(folder, use) for use in uses]
    told = told_by(loaded_script(folder / "shop.py"))
    told.clear()
    given: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        made = [await stack.enter_async_context(one.prepared(given)) for one in kinds]
        assert told == ["setup"]
        first, own, last = made
        assert own is kinds[1]
        for one in (first, last):
            assert isinstance(one, Python)
            assert (await ops_of(one)).ops[0].value == {"token": "T"}
    assert told == ["setup", {"token": "T"}]


async def test_options_and_tags_of_the_kind(folder: Path) -> None:
    rare = kind(folder, "shop.py:Buyer", only=["rare"])
    assert {one[0] for one in (await ops_of(rare, iterations=5)).told()} == {"rare"}
    with pytest.raises(InputTrouble, match="has no option itme"):
        kind(folder, "shop.py:Admin", **{"with": {"itme": 1}}).make(FakeUser())


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("x = 1\n", "defines no user"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("from hormesis.load import User, task\nclass A(User):\n    weight = 0\n", "no user"),
        (
            "from hormesis.load import User, task\nclass A(User):\n    weight = -3\n",
            "bad.py: class A: expected weight to be a whole number from 0, found -3",
        ),
        (
            "from hormesis.load import User, task\nclass A(User):\n    fixed_count = 'x'\n",
            "bad.py: class A: expected fixed_count to be a whole number from 0, found 'x'",
        ),
        (SHOP.replace('options = {"vus": 5}', "options = 5"), "expected options to be a mapping"),
    ],
)
def test_bad_scripts(tmp_path: Path, text: str, fragment: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(InputTrouble, match=fragment):
        loaded_script(tmp_path / "bad.py")


def test_a_bad_url_of_a_user_is_told_before_anything_begins(tmp_path: Path) -> None:
    text = "from hormesis.load import HttpUser\nclass A(HttpUser):\n    host = {!r}\n"
    for host in ("ftp://foo", "here:80"):
        (tmp_path / "bad.py").write_text(text.format(host))
        with pytest.raises(InputTrouble, match=r"bad.py: host of A: expected a URL"):
            loaded_script(tmp_path / "bad.py").check_bases()
    for host in ("", "http://here:80"):
        (tmp_path / "good.py").write_text(text.format(host))
        loaded_script(tmp_path / "good.py").check_bases()
