"""What the tests stand on: a home of their own, the scripted model, the real runtime, real kernels.

Nothing is skipped: where a part is missing, its fixture fails and says what to run.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from homes import is_foreign, make_home
from kernels import Notebook, assert_none_left
from scripted import ScriptedServer
from tap import Tap

KEY = "test-key"

pytest_plugins = ["figures"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test folders of its own and no login; it must leave no process behind."""
    for name in os.environ:
        if is_foreign(name):
            monkeypatch.delenv(name)
    for name, folder in make_home(tmp_path).items():
        monkeypatch.setenv(name, folder)
    copilot_home = Path(os.environ["COPILOT_HOME"])
    yield copilot_home
    assert_none_left(copilot_home)


@pytest.fixture
def provider(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """Serve the scripted model, and make it the default, in the Copilot CLI's own words."""
    with ScriptedServer(key=KEY) as server:
        monkeypatch.setenv("COPILOT_PROVIDER_TYPE", "openai")
        monkeypatch.setenv("COPILOT_PROVIDER_BASE_URL", server.url)
        monkeypatch.setenv("COPILOT_PROVIDER_API_KEY", KEY)
        monkeypatch.setenv("COPILOT_MODEL", "scripted")
        yield server


@pytest.fixture(scope="session")
def installed_runtime() -> Path:
    """Find the runtime, and have it unpack itself, before any test has a home of its own."""
    from copilot_magics.runtime.locate import find_runtime

    runtime = find_runtime()
    subprocess.run([runtime, "--version"], check=True, stdout=subprocess.DEVNULL)
    return runtime


@pytest.fixture
def runtime_path(installed_runtime: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the test, and the kernels it starts, use the installed runtime."""
    monkeypatch.setenv("COPILOT_CLI_PATH", str(installed_runtime))
    return installed_runtime


@pytest.fixture
def tap(
    installed_runtime: Path,
    provider: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Tap:
    """Let the kernels of the test find a runtime with a tap."""
    tap = Tap(tmp_path, installed_runtime)
    monkeypatch.setenv("COPILOT_CLI_PATH", str(tap.program))
    return tap


@pytest.fixture(scope="session")
def installed_model() -> Path:
    """Find the local model once, before any test has a cache of its own."""
    from copilot_magics.runtime.locate import cached_model

    return cached_model()


@pytest.fixture
def local_model(installed_model: Path, home: Path) -> None:
    """Put the local model where the kernels of the test look for it."""
    from copilot_magics.runtime.locate import cached_model

    cached_model().parent.mkdir(parents=True)
    cached_model().symlink_to(installed_model)


@pytest.fixture
def plain_notebook(home: Path, tmp_path: Path) -> Iterator[Callable[..., Notebook]]:
    """Start notebooks, each a real kernel; the options are `Notebook`'s, and all are closed."""
    with contextlib.ExitStack() as stack:

        def start(folder: Path = tmp_path / "work", *names: str, **options: Any) -> Notebook:
            return stack.enter_context(Notebook(folder, *names, **options))

        yield start


@pytest.fixture
def notebook(
    provider: ScriptedServer, runtime_path: Path, plain_notebook: Callable[..., Notebook]
) -> Callable[..., Notebook]:
    """Start notebooks whose kernels find the runtime, and the scripted model as their provider."""
    return plain_notebook
