"""`python -m copilot_magics setup`, with npm and pip as programs on PATH that this file writes.

What they hand out is small and wrong or right as a test wants it; the table of hashes is the only
thing that has to be told about it. The real downloads are what `make test` itself begins with.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from copilot_magics.__main__ import main
from copilot_magics.errors import CopilotError
from copilot_magics.runtime import download, locate, pins

NPM = """\
#!/bin/sh
echo ran >> {log}
echo "$@" | grep -q -- --ignore-scripts || exit 9
cp {package} ./package.tgz
"""


class Registry:
    """An npm that hands out one package, and a count of how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.package = folder / "package.tgz"
        self.log = folder / "asked.txt"
        self.npm = folder / "bin" / "npm"
        self.npm.parent.mkdir()
        self.npm.write_text(NPM.format(log=self.log, package=self.package))
        self.npm.chmod(0o755)

    def offer(self, content: bytes) -> None:
        with tarfile.open(self.package, "w:gz") as archive:
            entry = tarfile.TarInfo("package/copilot")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))

    @property
    def asked(self) -> int:
        return len(self.log.read_text().split()) if self.log.exists() else 0


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    made = Registry(tmp_path)
    made.offer(b"the runtime")
    monkeypatch.delenv("COPILOT_CLI_PATH", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{made.npm.parent}:/usr/bin:/bin")
    # The discard port: the SDK's own download is refused at once.
    monkeypatch.setenv("COPILOT_CLI_DOWNLOAD_BASE_URL", "http://127.0.0.1:9")
    entry = {locate.runtime_platform(): (10, hashlib.sha256(b"the runtime").hexdigest())}
    monkeypatch.setitem(pins._RUNTIMES, locate.pinned_version(), entry)
    return made


def test_it_fetches_once(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup"]) == 0
    said = capsys.readouterr().out
    assert "cannot be reached" in said
    assert "using npm" in said
    assert "Downloading @github/copilot-" in said
    path = locate.find_runtime()
    assert path.read_bytes() == b"the runtime"
    assert os.access(path, os.X_OK)
    assert main(["setup"]) == 0
    assert "already there" in capsys.readouterr().out
    assert registry.asked == 1
    assert not (path.parents[2] / "incoming").exists()


def test_what_has_the_wrong_hash_is_not_kept(registry: Registry) -> None:
    registry.offer(b"something else")
    with pytest.raises(CopilotError, match="not what it should be"):
        download.fetch_runtime()
    assert locate.find_fetched() is None


def test_what_was_damaged_is_fetched_again(registry: Registry) -> None:
    path = download.fetch_runtime()
    path.write_bytes(b"the run")
    assert download.fetch_runtime().read_bytes() == b"the runtime"
    assert registry.asked == 2


def test_a_failing_npm_gives_its_reason(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.npm.write_text("#!/bin/sh\necho 'npm error 404 Not Found'\nexit 1\n")
    assert main(["setup"]) == 1
    said = capsys.readouterr().err
    assert "npm error 404 Not Found" in said
    assert "Traceback" not in said
    registry.npm.unlink()
    assert main(["setup"]) == 1


def test_two_at_once_fetch_once(registry: Registry, tmp_path: Path) -> None:
    # The first one waits in npm until the second has found it at work.
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    registry.npm.write_text(
        NPM.format(log=registry.log, package=registry.package) + f"read line < {gate}\n"
    )
    code = (
        "import hashlib, sys; from copilot_magics.runtime import download, locate, pins\n"
        "entry = (10, hashlib.sha256(b'the runtime').hexdigest())\n"
        "pins._RUNTIMES[locate.pinned_version()] = {locate.runtime_platform(): entry}\n"
        "download.fetch_runtime()\n"
    )

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)

    with start() as first:
        # Opening the gate blocks until the first is in npm.
        with gate.open("w") as door, start() as second:
            assert second.stdout is not None
            assert "Another setup is running" in second.stdout.readline()
            door.write("go\n")
            door.flush()
            said = second.communicate()[0]
        first.communicate()
    assert [first.returncode, second.returncode] == [0, 0]
    assert "already there" in said
    assert registry.asked == 1


def test_a_chosen_runtime_needs_no_setup(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COPILOT_CLI_PATH", sys.executable)
    assert main(["setup"]) == 0
    assert sys.executable in capsys.readouterr().out
    monkeypatch.setenv("COPILOT_CLI_PATH", "/none")
    assert main(["setup"]) == 1
    assert registry.asked == 0


def test_a_cache_that_cannot_be_made(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    with pytest.raises(CopilotError, match="cannot be written"):
        download.fetch_runtime()


def test_every_platform_of_the_sdk_is_pinned() -> None:
    from copilot._cli_version import _MUSL_RUNTIME_PLATFORMS, RUNTIME_PLATFORMS

    for platform in {*RUNTIME_PLATFORMS.values(), *_MUSL_RUNTIME_PLATFORMS.values()}:
        pin = pins.runtime_pin(pins.RUNTIME_VERSION, platform)
        assert pin is not None
        assert len(pin.sha256) == 64
