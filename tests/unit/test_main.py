"""``python -m copilot_magics``: what it says of itself, and the login, found for the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_magics.__main__ import main


@pytest.mark.parametrize("arguments", [["--help"], ["setup", "--help"], ["doctor", "--help"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    assert "copilot_magics" in capsys.readouterr().out


def test_it_is_among_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    assert "login" in capsys.readouterr().out


def test_it_runs_the_login_of_the_runtime_that_is_found(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    runtime = tmp_path / "copilot"
    runtime.write_text('#!/bin/sh\necho "$@"\nexit 3\n')
    runtime.chmod(0o755)
    monkeypatch.setenv("COPILOT_CLI_PATH", str(runtime))
    assert main(["login", "--host", "https://example.ghe.com", "--device-code"]) == 3
    assert capfd.readouterr().out == "login --host https://example.ghe.com --device-code\n"


def test_without_a_runtime_it_says_how_to_get_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert main(["login"]) == 1
    assert "python -m copilot_magics setup" in capsys.readouterr().err
