"""Each rule finds a planted breach and leaves clean code alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.tidy.rules import bans, floors, purity, sizes
from tests.tidy.rules.source import Problem, Source

Rule = Callable[[Source], Iterator[Problem]]

WORDS = "src/hormesis/words/thing.py"
CHECK = "src/hormesis/checks/thing.py"
ENGINE = "src/hormesis/engine/thing.py"
HOST = "src/hormesis/host/thing.py"
GROUND = "apps/proving_ground/src/proving_ground/thing.py"
UNIT = "tests/unit/test_thing.py"

LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 70
TICK = "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(1)\n"
WHILE_SLEEP = TICK.replace("True", "not done()")
BREAK_SLEEP = TICK + "        if done():\n            break\n"
LATE_PSYCOPG = "def f():\n    try:\n        import psycopg\n    except ImportError:\n        raise "

BREACHES: list[tuple[Rule, str, str, str]] = [
    (floors.floor_problems, WORDS, "from hormesis.spec import reader", "upwards: spec"),
    (floors.floor_problems, WORDS, "from hormesis import engine", "upwards: engine"),
    (floors.floor_problems, CHECK, "import hormesis.probes.http", "sideways: probes"),
    (floors.floor_problems, CHECK, "from ..engine import clock", "sideways: engine"),
    (floors.floor_problems, "src/hormesis/spec/a.py", "import hormesis.plan", "sideways: plan"),
    (floors.floor_problems, HOST, "import hormesis.custodian.main", "sideways: custodian"),
    (floors.floor_problems, "src/hormesis/api.py", "import hormesis.cli.main", "sideways: cli"),
    (floors.floor_problems, "src/hormesis/odd/a.py", "import hormesis.words", "no floor"),
    (floors.floor_problems, "src/hormesis/suites/a.py", "import hormesis.api", "words and record"),
    (floors.floor_problems, ENGINE, "import hormesis.suites.jobs", "suites are data"),
    (floors.floor_problems, CHECK, "if 1:\n    from hormesis.loads.a import B", "sideways: loads"),
    (floors.mutual_ban_problems, ENGINE, "import proving_ground.cli", "system.yaml"),
    (floors.mutual_ban_problems, GROUND, "from hormesis.words import op", "must not know"),
    (sizes.size_problems, ENGINE, LONG_FUNCTION, "f has 71 lines"),
    (sizes.size_problems, ENGINE, "x = 1\n" * 501, "501 lines"),
    (sizes.size_problems, "src/hormesis/reports/assets/page.js", "x\n" * 501, "501 lines"),
    (sizes.size_problems, ENGINE, f"x = '{'y' * 100}'", "106 characters"),
    (sizes.name_problems, "src/hormesis/engine/utils.py", "", "names no concept"),
    (sizes.name_problems, "src/hormesis/helpers/clock.py", "", "names no concept"),
    (bans.name_ban_problems, ENGINE, "import time\ntime.sleep(1)", "time.sleep: wait"),
    (bans.name_ban_problems, UNIT, "from time import sleep as s\ns(1)", "time.sleep: wait"),
    (bans.name_ban_problems, GROUND, "import time as t\nf = t.time", "time.time: inject"),
    (bans.name_ban_problems, CHECK, "from datetime import datetime as d\nd.now()", "inject"),
    (bans.name_ban_problems, CHECK, "import datetime\ndatetime.datetime.utcnow()", "inject"),
    (bans.name_ban_problems, ENGINE, "import random\nrandom.choice([1])", "pass a random.Random"),
    (bans.name_ban_problems, ENGINE, "from random import shuffle\nshuffle([])", "random.shuffle"),
    (bans.print_problems, HOST, "print('x')", "use the console"),
    (bans.effect_problems, ENGINE, "import subprocess", "verbs"),
    (bans.effect_problems, CHECK, "from socket import create_connection", "floor 3"),
    (bans.effect_problems, "src/hormesis/cli/main.py", "import signal", "floor 3"),
    (bans.effect_problems, ENGINE, "import os\nos.kill(1, 9)", "os.kill"),
    (
        bans.effect_problems, ENGINE,
        "import asyncio\nasyncio.create_subprocess_exec('a')", "create_subprocess_exec",
    ),
    (bans.swallow_problems, ENGINE, "try:\n    f()\nexcept:\n    g()", "bare except"),
    (bans.swallow_problems, ENGINE, "try:\n    f()\nexcept Exception:\n    pass", "swallows"),
    (bans.swallow_problems, ENGINE, "try:\n    f()\nexcept (OSError, Exception):\n    ...", "swal"),
    (
        bans.swallow_problems, ENGINE,
        "import contextlib\nwith contextlib.suppress(Exception):\n    f()", "suppresses",
    ),
    (bans.comment_problems, ENGINE, "x = 1  # TODO" + " later", "TODO"),
    (bans.comment_problems, ENGINE, "x = f()  # type:" + " ignore", "without a code"),
    (bans.comment_problems, ENGINE, "x = f()  # no" + "qa", "without a code"),
    (purity.purity_problems, CHECK, "import asyncio", "does not import asyncio"),
    (purity.purity_problems, CHECK, "import time\ntime.monotonic()", "pass the time in"),
    (purity.polling_problems, ENGINE, WHILE_SLEEP, "polling loop"),
    (purity.polling_problems, ENGINE, BREAK_SLEEP, "polling loop"),
    (purity.polling_problems, UNIT, "import asyncio\nasyncio.sleep(0.1)", "never sleeps"),
    (purity.late_import_problems, ENGINE, "def f():\n    import json", "import it at the top"),
    (purity.late_import_problems, CHECK, "import plotly", "is an extra"),
    (purity.late_import_problems, ENGINE, LATE_PSYCOPG + "E()", "without raising"),
]  # fmt: skip

CLEAN: list[tuple[Rule, str, str]] = [
    (floors.floor_problems, CHECK, "from hormesis.words.check import Check\nimport json"),
    (floors.floor_problems, CHECK, "from hormesis.checks.other import part"),
    (floors.floor_problems, "src/hormesis/custodian/a.py", "from hormesis.host import process"),
    (floors.floor_problems, "src/hormesis/cli/a.py", "from hormesis.compose import registry"),
    (floors.floor_problems, "src/hormesis/suites/a.py", "from hormesis.words.client import User"),
    (floors.floor_problems, "src/hormesis/suites/a.py", "import hormesis.record.series"),
    (floors.floor_problems, UNIT, "from hormesis.engine import clock"),
    (floors.mutual_ban_problems, UNIT, "import hormesis, proving_ground"),
    (floors.mutual_ban_problems, GROUND, "from proving_ground import settings"),
    (sizes.size_problems, ENGINE, "def f():\n" + "    x = 1\n" * 69),
    (sizes.size_problems, "docs/a.md", "y" * 300),
    (sizes.size_problems, "src/hormesis/reports/assets/page.css", "y" * 101),
    (sizes.name_problems, ENGINE, ""),
    (bans.name_ban_problems, ENGINE, "import random\nrng = random.Random(7)\nrng.choice([1])"),
    (bans.name_ban_problems, ENGINE, "import time\ntime.monotonic()"),
    (bans.name_ban_problems, bans.CLOCKS[0], "import time\ntime.time()"),
    (bans.name_ban_problems, ENGINE, "class A:\n    def sleep(self): ...\nA().sleep()"),
    (bans.print_problems, HOST, "import sys\nsys.stdout.write('x')\nconsole.print('y')"),
    (bans.effect_problems, HOST, "import subprocess, os\nos.kill(1, 9)"),
    (bans.effect_problems, UNIT, "import subprocess"),
    (bans.effect_problems, ENGINE, "import os\nos.getpid()"),
    (bans.swallow_problems, ENGINE, "try:\n    f()\nexcept OSError:\n    pass"),
    (bans.swallow_problems, ENGINE, "try:\n    f()\nexcept Exception as e:\n    note(e)"),
    (bans.comment_problems, ENGINE, "x = 'TODO'  # type: ignore[attr-defined]"),
    (purity.purity_problems, ENGINE, "import asyncio, time\ntime.monotonic()"),
    (purity.polling_problems, purity.WAITS[0], WHILE_SLEEP),
    (purity.polling_problems, ENGINE, TICK),
    (purity.polling_problems, UNIT, "import asyncio\nasyncio.sleep(0)"),
    (purity.late_import_problems, "src/hormesis/cli/a.py", "def f():\n    import json"),
    (purity.late_import_problems, ENGINE, LATE_PSYCOPG + "CapabilityTrouble('x')"),
    (
        purity.late_import_problems, CHECK,
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import plotly",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "text", "fragment"), BREACHES)
def test_a_breach_is_found(rule: Rule, path: str, text: str, fragment: str) -> None:
    problems = [problem.message for problem in rule(Source(path, text))]
    assert any(fragment in message for message in problems), problems


@pytest.mark.parametrize(("rule", "path", "text"), CLEAN)
def test_clean_code_is_left_alone(rule: Rule, path: str, text: str) -> None:
    assert [str(problem) for problem in rule(Source(path, text))] == []
