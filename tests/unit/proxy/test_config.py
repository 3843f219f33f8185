"""Bad configuration is answered with what was expected."""

from __future__ import annotations

import json

import pytest

from hormesis.proxy.address import address_of, text_of
from hormesis.proxy.config import LinkConfig, ProxyConfig

LINK = {"name": "db", "listen": "127.0.0.1:0", "upstream": "[::1]:5432"}


def test_a_configuration_survives_its_json() -> None:
    config = ProxyConfig("/tmp/c", (LinkConfig(**LINK),), seed=9, toxics_package="a.b")
    assert ProxyConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["", "host", "host:", ":80", "host:x", "host:70000", "h:-1"])
def test_a_bad_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected an address"):
        address_of(text)


@pytest.mark.parametrize("text", ["127.0.0.1:80", "[::1]:80", "db.local:5432"])
def test_an_address_is_written_as_it_was_read(text: str) -> None:
    assert text_of(*address_of(text)) == text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], "control"),
        ({"links": []}, "control"),
        ({"control": "/c", "links": [{"name": "a"}]}, "expected links as"),
        ({"control": "/c", "links": [3]}, "expected links as"),
        ({"control": "/c", "links": [LINK, LINK]}, "different names"),
        ({"control": "/c", "links": [{**LINK, "name": ""}]}, "a name for every link"),
        ({"control": "/c", "links": [{**LINK, "upstream": "x"}]}, "expected an address"),
    ],
)
def test_a_bad_configuration_says_what_was_expected(data: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        ProxyConfig.from_json(json.dumps(data))
