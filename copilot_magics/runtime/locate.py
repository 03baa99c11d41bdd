"""Finding the Copilot runtime, within milliseconds and without importing the SDK.

The order is ``COPILOT_CLI_PATH``, our cache, the SDK's cache, ``copilot`` on PATH. Importing the
SDK takes more than a second; the two small modules of it that know its pinned version and its cache
are loaded here without the rest.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

from copilot_magics.errors import RuntimeUnavailable
from copilot_magics.folders import cache
from copilot_magics.runtime.pins import MODEL, RUNTIME_VERSION

_SETUP = "Run `python -m copilot_magics setup` to fetch it, or set COPILOT_CLI_PATH."
_SDK_FILES = "_copilot_magics_sdk_files"


def find_runtime() -> Path:
    """Return the path of the Copilot runtime.

    Raises
    ------
    RuntimeUnavailable
        There is none, or ``COPILOT_CLI_PATH`` names something that cannot be run.
    """
    if chosen := os.environ.get("COPILOT_CLI_PATH"):
        return _chosen(chosen)
    if found := find_fetched():
        return found
    if on_path := shutil.which("copilot"):
        return Path(on_path)
    raise RuntimeUnavailable("The Copilot runtime was not found.", _SETUP)


def find_fetched() -> Path | None:
    """Return the runtime that ``setup`` or the SDK has fetched, or None."""
    for version in (pinned_version(), RUNTIME_VERSION):
        if _runs(ours := cached_runtime(version)):
            return ours
    return next(filter(_runs, _in_sdk_cache()), None)


def cached_runtime(version: str) -> Path:
    """Return where our cache keeps a version of the runtime."""
    return cache() / "runtime" / version / ("copilot.exe" if os.name == "nt" else "copilot")


def cached_model() -> Path:
    """Return where our cache keeps the model of the provider ``local``."""
    return cache() / "models" / MODEL.member.rpartition("/")[2]


def pinned_version() -> str:
    """Return the runtime version the installed SDK was made for, else the one we test with."""
    version = getattr(_sdk_file("_cli_version"), "CLI_VERSION", None)
    return str(version) if version else RUNTIME_VERSION


def sdk_checksums_url() -> str:
    """Return the URL of the checksums that the SDK's own download begins with, or nothing."""
    sdk = _sdk_file("_cli_version")
    return str(sdk.get_checksums_url(pinned_version())) if sdk is not None else ""


def runtime_platform() -> str:
    """Return this machine's platform as the runtime's packages name it, e.g. ``linux-x64``.

    Raises
    ------
    RuntimeUnavailable
        There is no runtime for this machine.
    """
    sdk = _sdk_file("_cli_version")
    try:
        # The SDK's own answer, because it also tells musl from glibc.
        return str(sdk.get_runtime_platform())  # type: ignore[union-attr]
    except (AttributeError, RuntimeError) as error:
        raise RuntimeUnavailable(
            f"No Copilot runtime is known for this machine: {error}.",
            "Set COPILOT_CLI_PATH to one that runs here.",
        ) from error


def runtime_version(path: Path) -> str | None:
    """Ask a runtime for its version; None where it does not tell.

    Parameters
    ----------
    path : Path
        The runtime's executable.
    """
    try:
        modified = path.stat().st_mtime_ns
    except OSError:
        return None
    return _ask_version(path, modified)


@functools.lru_cache(maxsize=8)
def _ask_version(path: Path, modified: int) -> str | None:
    try:
        answer = subprocess.run(
            # Without the flag it may start a newer version that it has downloaded by itself.
            [path, "--no-auto-update", "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]*[0-9A-Za-z])?", answer.stdout)
    return found.group() if found else None


def _chosen(value: str) -> Path:
    path = Path(value).expanduser()
    mend = "Correct it, or unset it to have the runtime found."
    if found := shutil.which(path):
        return Path(found).absolute()
    if not path.exists():
        raise RuntimeUnavailable(f"COPILOT_CLI_PATH names {value!r}, which does not exist.", mend)
    raise RuntimeUnavailable(f"COPILOT_CLI_PATH names {value!r}, which cannot be run.", mend)


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _in_sdk_cache() -> list[Path]:
    """Return where the SDK would have put its own download of the version it pins."""
    download = _sdk_file("_cli_download")
    try:
        folder = (
            download.get_cache_dir(pinned_version())  # type: ignore[union-attr]
            / "prebuilds"
            / runtime_platform()
        )
    except (AttributeError, RuntimeUnavailable):
        return []
    suffix = ".exe" if os.name == "nt" else ""
    return [folder / f"copilot{suffix}", folder / f"copilot-runtime{suffix}"]


def _sdk_file(name: str) -> ModuleType | None:
    """Load one module of the SDK without the SDK: a package of another name over its folder."""
    package = sys.modules.get(_SDK_FILES)
    if package is None:
        spec = importlib.util.find_spec("copilot")
        if spec is None or spec.submodule_search_locations is None:
            return None
        package = ModuleType(_SDK_FILES)
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules[_SDK_FILES] = package
    try:
        return importlib.import_module(f"{_SDK_FILES}.{name}")
    except ImportError:
        return None
