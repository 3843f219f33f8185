"""``--set NAME=VALUE`` from the command line."""

from __future__ import annotations

from collections.abc import Sequence

from hormesis.words.trouble import Problem, UsageTrouble


def variables_from(texts: Sequence[str]) -> dict[str, str]:
    """Return the variables that *texts* set.

    Raises:
        UsageTrouble: one of them is not NAME=VALUE; all such are listed.
    """
    split = [(text, *text.partition("=")) for text in texts]
    bad = [text for text, name, sign, _ in split if not sign or not name.strip()]
    if bad:
        raise UsageTrouble([Problem(f"--set {text}: expected NAME=VALUE") for text in bad])
    return {name.strip(): value for _, name, _, value in split}
