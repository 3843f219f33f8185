"""A holder: says that it is ready, and ends with its standard input."""

from __future__ import annotations

import sys


def main() -> None:
    """Hold until the lifeline closes."""
    if not sys.stdin.readline():
        return
    sys.stdout.write('{"ready": true}\n')
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
