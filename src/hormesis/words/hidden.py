"""Hidden passwords: addresses as they may be shown."""

from __future__ import annotations

import re

_IN_URL = re.compile(r"(://[^:@/\s]*:)[^@/\s]+@")
_IN_WORDS = re.compile(r"\b(password\s*=\s*)('[^']*'|[^\s'&]+)")


def hide_passwords(text: str) -> str:
    """Return *text* with stars for the passwords in URLs, and for those behind ``password=``."""
    return _IN_WORDS.sub(r"\1***", _IN_URL.sub(r"\1***@", text))
