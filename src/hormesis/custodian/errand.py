"""An errand: what takes the custodian's rights while there is no custodian.

The starter runs it as a program of its own: the errand comes as JSON on standard input, and its
answer, or an ``error``, goes as JSON to standard output.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from hormesis.custodian.recover import replay
from hormesis.host.means import survey
from hormesis.words.trouble import Trouble


def main() -> None:
    """Do the errand that standard input describes."""
    asked = json.loads(sys.stdin.read())
    try:
        answer = _done(asked)
    except (Trouble, OSError) as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer))


def _done(asked: dict[str, Any]) -> dict[str, Any]:
    if asked["do"] == "survey":
        return {"missing": survey(asked["means"])}
    return {"replayed": [one.to_json() for one in replay(Path(asked["ledger"]))]}
