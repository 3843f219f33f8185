"""Addresses that are none are refused where they are written, not where they are looked up."""

from __future__ import annotations

import pytest

from hormesis.spec.address import address_in, bare_address, url_address


@pytest.mark.parametrize("host", ["a..b", f"{'x' * 64}.example"])
def test_a_host_that_no_lookup_takes_is_no_address(host: str) -> None:
    for parse in (bare_address, address_in):
        with pytest.raises(ValueError, match=r"host:port|an address") as caught:
            parse(f"{host}:80")
        assert not isinstance(caught.value, UnicodeError)
    with pytest.raises(ValueError, match="a URL such as"):
        url_address(f"http://{host}/", ("http",))


@pytest.mark.parametrize("host", ["localhost", "my_service", "[::1]", "127.0.0.1"])
def test_others_are(host: str) -> None:
    assert bare_address(f"{host}:80").port == 80
