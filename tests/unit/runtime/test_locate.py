"""Finding the runtime: the order, and the errors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from copilot_magics.errors import RuntimeUnavailable
from copilot_magics.runtime import locate
from copilot_magics.runtime.pins import RUNTIME_VERSION


def executable(path: Path, text: str = "#!/bin/sh\necho 'GitHub Copilot CLI 9.8.7-2.'\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COPILOT_CLI_PATH", "COPILOT_CLI_EXTRACT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")


def test_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeUnavailable, match="python -m copilot_magics setup"):
        locate.find_runtime()
    on_path = executable(tmp_path / "bin" / "copilot")
    assert locate.find_runtime() == on_path
    sdk = tmp_path / "cache" / "github-copilot-sdk" / "cli" / locate.pinned_version()
    in_sdk = executable(sdk / "prebuilds" / locate.runtime_platform() / "copilot-runtime")
    assert locate.find_runtime() == in_sdk
    ours = executable(locate.cached_runtime(RUNTIME_VERSION))
    assert locate.find_runtime() == ours
    chosen = executable(tmp_path / "mine")
    monkeypatch.setenv("COPILOT_CLI_PATH", str(chosen))
    assert locate.find_runtime() == chosen


def test_a_wrong_path_is_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin" / "copilot")
    monkeypatch.setenv("COPILOT_CLI_PATH", str(tmp_path / "none"))
    with pytest.raises(RuntimeUnavailable, match=r"COPILOT_CLI_PATH names .* does not exist"):
        locate.find_runtime()
    plain = tmp_path / "plain"
    plain.write_text("text")
    for wrong in (plain, tmp_path):
        monkeypatch.setenv("COPILOT_CLI_PATH", str(wrong))
        with pytest.raises(RuntimeUnavailable, match="cannot be run"):
            locate.find_runtime()


def test_the_sdk_is_not_imported() -> None:
    code = (
        "import sys; from copilot_magics.runtime import locate; locate.pinned_version()\n"
        "try: locate.find_runtime()\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print('copilot' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["RuntimeUnavailable", "False"]


def test_the_pinned_version_is_the_sdks() -> None:
    from copilot._cli_version import CLI_VERSION

    assert locate.pinned_version() == CLI_VERSION


def test_the_version_is_asked_again_when_the_file_changes(tmp_path: Path) -> None:
    path = executable(tmp_path / "copilot")
    assert locate.runtime_version(path) == "9.8.7-2"
    executable(path, "#!/bin/sh\necho 'GitHub Copilot CLI 10.0.1.'\n")
    assert locate.runtime_version(path) == "10.0.1"
    executable(path, "#!/bin/sh\nexit 3\n")
    assert locate.runtime_version(path) is None
    assert locate.runtime_version(tmp_path / "none") is None
