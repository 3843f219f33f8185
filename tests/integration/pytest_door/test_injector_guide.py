"""What docs/how-to/injector.md shows runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "injector.md"
SHOWN = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)

exec(compile("\n".join(SHOWN), str(GUIDE), "exec"))
