"""``python -m proving_ground answers``: the health check that every image can run."""

from __future__ import annotations

import pytest

from proving_ground.cli import main
from tests.proving_ground.programs import Postgres, Server, free_port


@pytest.mark.integration
def test_what_works_answers_and_what_does_not_is_told(
    shared_server: Server, postgres_server: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["answers", f"{shared_server.url}/ready"]) == 0
    assert main(["answers", postgres_server.dsn()]) == 0
    assert capsys.readouterr().err == ""
    assert main(["answers", f"{shared_server.url}/nowhere"]) == 1
    assert ": 404 " in capsys.readouterr().err
    # An HTTP server is no Redis.
    assert main(["answers", shared_server.url.replace("http", "redis")]) == 1
    silent = free_port()
    for scheme in ("http", "redis", "postgresql"):
        assert main(["answers", f"{scheme}://127.0.0.1:{silent}", "--within", "1s"]) == 1
        assert "refused" in capsys.readouterr().err.splitlines()[-1].lower()


def test_an_address_of_another_kind_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["answers", "ftp://127.0.0.1"]) == 64
    assert "http://…, postgresql://… or redis://… was expected" in capsys.readouterr().err
