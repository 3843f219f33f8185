"""Build hook: compiles the wire where there is a C compiler; without one the wheel is pure Python.

``HORMESIS_PURE=1`` asks for a pure one. Nothing here makes an installation fail.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = "src/hormesis/wire"
NAME = "_compiled"
FLAGS = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-DNDEBUG")
COMPILE_S_MAX = 300


class CompiledWire(BuildHookInterface[Any]):
    """Puts the compiled wire beside its source, and into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless what is there is newer than its source."""
        if self.target_name != "wheel":
            return
        folder = Path(self.root) / FOLDER
        built = folder / (NAME + str(sysconfig.get_config_var("EXT_SUFFIX")))
        why = self._why_not(folder, built)
        if why:
            # One that is older than its source would differ from the Python beside it.
            built.unlink(missing_ok=True)
            self.app.display_warning(f"hormesis is built without its compiled wire: {why}")
            return
        self.app.display_info(f"hormesis is built with its compiled wire: {built.name}")
        if version != "editable":
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"].append(f"/{FOLDER}/{built.name}")

    def _why_not(self, folder: Path, built: Path) -> str:
        if os.environ.get("HORMESIS_PURE", "0") not in ("", "0"):
            return "HORMESIS_PURE is set"
        sources = sorted(folder.glob("*.c"))
        changed = max(one.stat().st_mtime for one in [*sources, *folder.glob("*.h")])
        if built.exists() and built.stat().st_mtime >= changed:
            return ""
        include = Path(sysconfig.get_path("include"))
        if not (include / "Python.h").exists():
            return f"there is no {include}/Python.h (apt-get install python3-dev)"
        compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
        # Compiled apart and moved: a process that has the old one loaded keeps it.
        fresh = built.with_suffix(f".{os.getpid()}")
        command = [*shlex.split(compiler), *FLAGS, f"-I{include}", "-o", str(fresh)]
        try:
            done = subprocess.run(
                [*command, *map(str, sources)],
                capture_output=True, text=True, timeout=COMPILE_S_MAX, check=False,
            )  # fmt: skip
            if done.returncode == 0:
                fresh.replace(built)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the C compiler does not run ({error}; apt-get install gcc libc6-dev)"
        finally:
            fresh.unlink(missing_ok=True)
        return "" if done.returncode == 0 else f"it does not compile:\n{done.stderr[-2000:]}"
