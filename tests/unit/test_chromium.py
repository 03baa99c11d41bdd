"""The browser of the browser tests: found, installed where that may be done, else asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from browser.chromium import NoBrowser, find_chromium

INSTALLS = """#!/bin/sh
echo "$@" >> "$0.log"
if [ "$1" = install ]; then : > "${0%/*}/chromium"; /bin/chmod +x "${0%/*}/chromium"; fi
"""
FAILS = "#!/bin/sh\necho no network\nexit 100\n"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hide every program but those in this folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return tmp_path


def program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_it_is_found(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs / "chromium")
    assert find_chromium() == str(programs / "chromium")
    program(programs / "other")
    monkeypatch.setenv("CHROMIUM", str(programs / "other"))
    assert find_chromium() == str(programs / "other")
    monkeypatch.setenv("CHROMIUM", str(programs / "missing"))
    with pytest.raises(NoBrowser, match="missing is no program"):
        find_chromium()


def test_it_is_installed_where_that_may_be_done(programs: Path) -> None:
    program(programs / "apt-get", INSTALLS)
    assert find_chromium() == str(programs / "chromium")
    update, install = (programs / "apt-get.log").read_text().splitlines()
    assert update == "update"
    assert install.startswith("install -y --no-install-recommends chromium ")


def test_else_it_says_what_to_install(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mend = "apt-get install chromium"
    with pytest.raises(NoBrowser, match=mend):
        find_chromium()
    program(programs / "apt-get", FAILS)
    with pytest.raises(NoBrowser, match=f"(?s)`apt-get update` failed:\nno network\n.*{mend}"):
        find_chromium()
    program(programs / "apt-get", INSTALLS)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NoBrowser, match=mend):
        find_chromium()
    assert not (programs / "apt-get.log").exists()
