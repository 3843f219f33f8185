"""Coroutine tests of this folder run on asyncio."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from hormesis.clients.session import http_session
from hormesis.wire.core import COMPILED
from tests.unit.wire.conftest import make
from tests.unit.wire.makes import Make

__all__ = ["make"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl program to make a certificate with")
    key, made = tmp_path / "key.pem", tmp_path / "made.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", made, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return context


@pytest.fixture
def either_caller(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sessions use each make of the caller in turn."""
    if make.name == "compiled" and not COMPILED:
        pytest.skip("the compiled caller answers with compiled replies, and Python's are in use")
    monkeypatch.setattr(http_session, "Caller", make.Caller)
