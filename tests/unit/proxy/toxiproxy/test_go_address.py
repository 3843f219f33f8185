"""Addresses are read as Go's standard library does it."""

from __future__ import annotations

import asyncio

import pytest

from hormesis.proxy.toxiproxy.go_address import NOWHERE, AddressError, dialled, resolved, wildcard


def listening(text: str) -> str:
    return asyncio.run(resolved(text))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", "127.0.0.1:0"),
        ("[::1]:80", "[::1]:80"),
        ("127.0.0.1:", "127.0.0.1:0"),
        ("127.0.0.1:http", "127.0.0.1:80"),
    ],
)
def test_numeric_hosts_stay(text: str, address: str) -> None:
    assert listening(text) == address


@pytest.mark.parametrize("text", ["", ":0", "0.0.0.0:0", "[::]:0"])
def test_no_host_is_every_address(text: str) -> None:
    assert listening(text) in ("[::]:0", "0.0.0.0:0")
    assert wildcard() in listening(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "address nonsense: missing port in address"),
        ("[::1]", "address [::1]: missing port in address"),
        ("a:b:c", "address a:b:c: too many colons in address"),
        ("[::1:0", "address [::1:0: missing ']' in address"),
        ("127.0.0.1:99999", "address 99999: invalid port"),
        ("127.0.0.1:-1", "address -1: invalid port"),
        ("127.0.0.1:nonsense", "lookup tcp/nonsense: unknown port"),
    ],
)
def test_what_is_no_address_is_told_as_go_does(text: str, told: str) -> None:
    with pytest.raises(AddressError) as caught:
        listening(text)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "address"),
    [("a.b:1", "a.b:1"), (":80", "localhost:80"), ("[::1]:5", "[::1]:5"), ("nonsense", NOWHERE)],
)
def test_an_upstream_that_is_no_address_refuses(text: str, address: str) -> None:
    assert dialled(text) == address
