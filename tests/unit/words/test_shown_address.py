"""Addresses are shown without their passwords, however these are written; else not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hormesis.words.secrets import passwords_masked
from hormesis.words.shown_address import is_readable, shown_address


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:s3cret@h:5432/d?sslmode=require",
         "postgresql://u:***@h:5432/d?sslmode=require"),
        ("postgresql://u@h/d?password=s3cret", "postgresql://u@h/d?password=***"),
        ("postgresql://u@h/d?a=b&sslpassword=s3cret", "postgresql://u@h/d?a=b&sslpassword=***"),
        ("postgresql://u@h/d?pass%77ord=s3cret", "postgresql://u@h/d?pass%77ord=***"),
        ("postgresql://u:s3:cret@h", "postgresql://u:***@h"),
        ("postgresql://u:s3%2Fcret@[::1]:1/d", "postgresql://u:***@[::1]:1/d"),
        ("redis://:s3cret@h:1/0", "redis://:***@h:1/0"),
        ("host=h password=s3cret", "host=h password=***"),
        ("password = s3cret  host = h", "password=*** host=h"),
        ("password='s3 cret' host=h", "password=*** host=h"),
        (r"password='s3\' cret' host=h", "password=*** host=h"),
        (r"password=s3\ cret host=h", "password=*** host=h"),
        ("host=h passfile=/s3cret sslpassword=s3cret", "host=h passfile=*** sslpassword=***"),
        ("host=h options='-c app.token=s3cret'", "host=h options=***"),
        ("host=h nonsense=s3cret", "host=h nonsense=***"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("postgresql:///d?host=/run", "postgresql:///d?host=/run"),
        ("host=/run dbname=d", "host=/run dbname=d"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_can_be_read_is_shown_but_for_its_secrets(address: str, shown: str) -> None:
    assert shown_address(address) == shown
    assert is_readable(address) == bool(address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:s3/cret@h", "postgresql://***"),
        ("postgresql://u:1234/cret@h/d", "postgresql://***"),
        ("postgresql://u:1234/cret%40h/d", "postgresql://***"),
        ("postgresql://u:s3cr#t/pw@h:1x", "postgresql://***"),
        ("postgresql://u:s3@cret@h/d", "postgresql://***"),
        ("postgresql://u:s3 cret@h/d", "postgresql://***"),
        ("postgresql://u:s3?cret", "postgresql://***"),
        ("host=h password=s3 cret", "***"),
        ("password='s3cret", "***"),
        ("s3cret", "***"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_shown(address: str, shown: str) -> None:
    assert shown_address(address) == shown
    assert not is_readable(address)


@given(password=st.text(st.sampled_from("s3cret:/@?#%&= '\\"), min_size=1))
def test_no_password_in_a_url_comes_through(password: str) -> None:
    shown = shown_address(f"postgresql://ann:X{password}X@h/d")
    assert shown in ("postgresql://ann:***@h/d", "postgresql://***")


@pytest.mark.parametrize(
    "text",
    [
        "no postgresql://ann:s3/cret@db/tasks there", "at postgresql://ann:s3#cret@db, or not",
        "host=h password = s3cret, or", r"password='s3\'cret' dbname=d", "sslpassword=s3cret",
        "postgresql://db/d?password=s3cret and postgresql://ann:s3cret@db/d",
    ],
)  # fmt: skip
def test_within_a_text_passwords_are_masked(text: str) -> None:
    shown = passwords_masked(text)
    assert "s3" not in shown and "cret" not in shown
    assert "***" in shown


def test_a_text_without_passwords_stays_as_it_is() -> None:
    text = "GET http://127.0.0.1:${port.web}/a?b=c, mail a@b.example; redis://h:1/0"
    assert passwords_masked(text) == text
