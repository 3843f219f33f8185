from __future__ import annotations

import json
from pathlib import Path

import pytest

from hormesis.host.raised import TEXT_MAX, WORD_MAX, is_bug, place_of, told, word_of

SCRIPT = """
import json

def read(text):
    return json.loads(text)

def judge(text):
    assert read(text) == 1
"""


def raised_by(path: Path, text: str) -> BaseException:
    path.write_text(SCRIPT)
    names: dict[str, object] = {}
    exec(compile(SCRIPT, str(path), "exec"), names)
    with pytest.raises((AssertionError, ValueError)) as caught:
        names["judge"](text)  # type: ignore[operator]
    return caught.value


def test_the_place_is_the_users_last_line_and_no_librarys(tmp_path: Path) -> None:
    assert place_of(raised_by(tmp_path / "shop.py", "{")) == "shop.py:5"
    assert place_of(raised_by(tmp_path / "shop.py", "2")) == "shop.py:8"


def test_what_was_not_raised_by_a_user_has_no_place() -> None:
    assert place_of(KeyError("x")) == ""


def test_a_word_is_never_only_a_class(tmp_path: Path) -> None:
    assert word_of(raised_by(tmp_path / "shop.py", "2")) == "AssertionError in shop.py:8"
    assert word_of(KeyError("price")) == "KeyError: 'price'"
    assert len(word_of(ValueError("x" * 500))) == WORD_MAX


def test_an_exception_may_bring_its_word() -> None:
    error = ValueError("x")
    error.word = "bad-json"  # type: ignore[attr-defined]
    assert word_of(error) == "bad-json"


def test_a_text_is_told_on_one_line() -> None:
    assert told(ValueError("a\n  b")) == "ValueError: a b"
    assert told(ValueError()) == "ValueError"
    assert len(told(ValueError("x" * 5000))) == len("ValueError: ") + TEXT_MAX


@pytest.mark.parametrize("error", [KeyError("x"), NameError("x"), ZeroDivisionError(), TypeError()])
def test_mistakes(error: Exception) -> None:
    assert is_bug(error)


@pytest.mark.parametrize("error", [TimeoutError(), json.JSONDecodeError("x", "", 0), OSError()])
def test_no_mistakes(error: Exception) -> None:
    assert not is_bug(error)
