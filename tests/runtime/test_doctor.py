"""`python -m copilot_magics doctor`, asking the real runtime."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from scripted import ScriptedServer

from copilot_magics.__main__ import main
from copilot_magics.runtime.locate import pinned_version


def test_a_provider_that_needs_no_login(
    provider: ScriptedServer,
    runtime_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("https_proxy", "http://user:secret@proxy.example:3128")
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert f"{pinned_version()} at {runtime_path}" in said
    assert "needs no login" in said
    assert "key in COPILOT_PROVIDER_API_KEY" in said
    assert "model         scripted" in said
    assert "@proxy.example:3128" in said
    assert os.environ["COPILOT_PROVIDER_API_KEY"] not in said
    assert "secret" not in said
    assert said.endswith("A prompt can be sent.\n")


def test_nobody_is_logged_in(runtime_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  login" in said
    assert f"{runtime_path} login" in said
    assert said.endswith("A prompt could not be sent.\n")


def test_nothing_is_there(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    monkeypatch.setenv("COPILOT_HOME", str(in_the_way))
    assert main(["doctor", "--provider", "local"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  runtime" in said
    assert "-> Run `python -m copilot_magics setup`" in said
    assert "FAIL  local model" in said
    assert "setup --local" in said
    assert "FAIL  state folder" in said


def test_a_key_where_none_belongs_is_not_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("COPILOT_PROVIDER_BASE_URL", "http://host/v1?api-key=sesame")
    monkeypatch.setenv("http_proxy", "http://user:sesame@proxy.example:3128/?sesame")
    for url, name in (("http://sesame@localhost:1/?t=sesame", ""), ("localhost:1", "sk-sesame")):
        assert main(["doctor", "--runtime-url", url, "--runtime-token-env", name]) == 1
        said = capsys.readouterr().out
        assert "FAIL  runtime" in said
        assert "The URL in COPILOT_PROVIDER_BASE_URL must not hold" in said
        assert "http_proxy=http://…@proxy.example:3128/?…" in said
        assert "sesame" not in said
    assert main(["serve", "--runtime-token-env", "sk-sesame"]) == 1
    assert "sesame" not in capsys.readouterr().err


def test_a_key_that_is_missing(
    runtime_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("COPILOT_MODEL", "some-model")
    assert main(["doctor", "--provider", "openai"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  provider" in said
    assert "OPENAI_API_KEY" in said
