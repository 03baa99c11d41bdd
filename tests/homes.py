"""Folders of a test's own, so that nothing of the user's is read, changed or left behind."""

from __future__ import annotations

import os
from pathlib import Path

UNPACKED = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "copilot" / "pkg"
"""Where the runtime unpacks itself, 235 MB, unless it is there already."""

_FOREIGN = ("COPILOT_", "GH_", "GITHUB_", "JPY_", "JUPYTER_", "IPYTHON")


def is_foreign(variable: str) -> bool:
    """Whether an environment variable could bring the user's own configuration into a test."""
    return variable.startswith(_FOREIGN)


def make_home(folder: Path) -> dict[str, str]:
    """Make a home, and return the environment variables that point to it and to what is in it."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    kinds = ("CACHE", "CONFIG", "DATA", "STATE")
    shared = folder / "cache" / "copilot" / "pkg"
    if UNPACKED.is_dir() and not shared.exists():
        # Once for all tests: it takes longer than many of them.
        shared.parent.mkdir(parents=True, exist_ok=True)
        shared.symlink_to(UNPACKED)
    return {
        "COPILOT_HOME": str(folder / "copilot-home"),
        "HOME": str(home),
        **{f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in kinds},
    }
