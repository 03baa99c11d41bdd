"""Loading, unloading, help, defaults and completion, in a real kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook, processes_of
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics"
MAGICS = ("copilot", "copilot_session", "copilot_sessions", "copilot_models")
HOOKS = """
ip = get_ipython()
def hooks():
    return (
        len(ip.input_transformers_post),
        {name: len(callbacks) for name, callbacks in ip.events.callbacks.items()},
        [name for kind in ip.magics_manager.magics.values() for name in kind if "copilot" in name],
        [c.__class__.__name__ for c in ip.configurables].count("CopilotMagics"),
        len(ip.Completer.custom_matchers),
    )
"""


def test_loading_starts_nothing(home: Path, notebook: StartNotebook) -> None:
    nb = notebook()
    nb.run(f"import sys\n{LOAD}")
    slow = nb.run("[name for name in ('copilot', 'pandas', 'ipywidgets') if name in sys.modules]")
    assert slow.value == {"text/plain": "[]"}
    assert [process.pid for process in processes_of(home)] == [nb.pid]
    assert not home.exists()


def test_twice_unloaded_and_reloaded(notebook: StartNotebook, provider: ScriptedServer) -> None:
    nb = notebook()
    nb.run(HOOKS)
    nb.run("before = hooks()")
    nb.run(LOAD)
    nb.run("once = hooks()")
    assert "already loaded" in nb.run(LOAD).stdout
    assert nb.run("hooks() == once").value == {"text/plain": "True"}
    nb.run("%copilot_session chat")
    nb.run("%%copilot\nsay: one")
    for line in ("%reload_ext copilot_magics", f"%unload_ext copilot_magics\n{LOAD}"):
        assert nb.run(line).status == "ok"
        assert nb.run("hooks() == once").value == {"text/plain": "True"}
        # The binding outlives it, and the session was released.
        cell = nb.run("%%copilot\nrecall")
        assert cell.status == "ok", cell.outputs
        assert "Resumed chat" in cell.text
    assert provider.last.prompts == ["say: one", "recall", "recall"]

    assert nb.run("%unload_ext copilot_magics").status == "ok"
    assert nb.run("before, hooks()").value == nb.run("before, before").value
    assert nb.run("get_messages").ename == "NameError"
    for magic in MAGICS:
        assert "not found" in nb.run(f"%{magic}").text


def test_names_that_are_taken_are_left_alone(notebook: StartNotebook) -> None:
    nb = notebook()
    nb.run("get_messages = 'mine'")
    nb.run(LOAD)
    assert nb.run("get_messages").value == {"text/plain": "'mine'"}
    assert nb.run("list_sessions().empty").value == {"text/plain": "True"}
    nb.run("list_sessions = 'mine too'")
    nb.run("%unload_ext copilot_magics")
    assert nb.run("get_messages, list_sessions").value == {"text/plain": "('mine', 'mine too')"}


def test_help(notebook: StartNotebook) -> None:
    nb = notebook()
    nb.run(LOAD)
    for magic in MAGICS:
        by_option = nb.run(f"%{magic} --help").stdout
        assert by_option.startswith(f"%{magic} [-h]")
        asked = nb.run(f"%{magic}?")
        assert asked.reply is not None
        (page,) = asked.reply["payload"]
        by_mark = page["data"]["text/plain"]
        for word in by_option.split():
            assert word in by_mark, (magic, word)
    assert "%%copilot_models" not in nb.run("%copilot_session --help").stdout


def test_defaults_are_shown_and_set(notebook: StartNotebook, provider: ScriptedServer) -> None:
    nb = notebook()
    nb.run(LOAD)
    shown = nb.run("%config CopilotMagics").stdout
    for name in ("model", "provider", "base_url", "api_key_env", "permissions", "rerun", "timeout"):
        assert f"CopilotMagics.{name}=" in shown
    assert nb.run("%config CopilotMagics.permissions").value == {"text/plain": "'ask'"}
    nb.run("%config CopilotMagics.model = 'scripted-mini'")
    wrong = nb.run("%config CopilotMagics.permissions = 'everything'")
    assert "everything" in wrong.text
    assert nb.run("%config CopilotMagics.permissions").value == {"text/plain": "'ask'"}
    assert nb.run("%copilot_session chat").stdout == "Created chat · scripted-mini.\n"
    nb.run("%%copilot\nsay: one")
    assert provider.last.body["model"] == "scripted-mini"
    nb.run("%config CopilotMagics.timeout = 0.2")
    assert nb.run("%%copilot\nsilent").ename == "TurnTimedOut"


def test_defaults_come_from_the_configuration_file(
    notebook: StartNotebook,
    provider: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        "c.CopilotMagics.model = 'scripted-mini'\n"
        "c.CopilotMagics.deny = ['shell(rm:*)']\n"
        "c.InteractiveShellApp.extensions = ['copilot_magics']\n"
    )
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    nb = notebook()
    assert nb.run("%config CopilotMagics.deny").value == {"text/plain": "['shell(rm:*)']"}
    nb.run("%%copilot\nsay: one")
    assert provider.last.body["model"] == "scripted-mini"


def completed(nb: Notebook, code: str) -> list[str]:
    """Ask the kernel for completions at the end of a line, as a front end does."""
    asked = nb.send("complete_request", {"code": code, "cursor_pos": len(code)})
    answers: list[list[str]] = []

    def take() -> bool:
        message = nb._client.get_shell_msg(timeout=30)
        if message["parent_header"].get("msg_id") == asked:
            answers.append(message["content"]["matches"])
        return bool(answers)

    while not take():
        continue
    return answers[0]


def test_tab_completes_options_and_sessions(notebook: StartNotebook) -> None:
    nb = notebook()
    nb.run(LOAD)
    nb.run("%copilot_session alpha")
    nb.run("%copilot_session beta-1")
    assert completed(nb, "%copilot_session --per") == ["--permissions"]
    assert completed(nb, "%copilot_session --permissions re") == ["read-only"]
    assert {"--new", "--resume", "--rerun"} <= set(completed(nb, "%copilot_session --"))
    assert completed(nb, "%copilot_session al") == ["alpha"]
    assert completed(nb, "%copilot_session --rerun rew") == ["rewind"]
    assert completed(nb, "%copilot_history al") == ["alpha"]
    assert completed(nb, "%copilot_session be") == ["beta-1"]
    assert completed(nb, "%copilot_session beta-") == ["beta-1"]
    assert completed(nb, "%copilot_session --resume be") == ["beta-1"]
    assert {"alpha", "beta-1"} <= set(completed(nb, "%copilot_session "))
    assert completed(nb, "%%copilot --ses") == ["--session"]
    assert completed(nb, "%%copilot --session al") == ["alpha"]
    assert completed(nb, "%copilot_sessions --delete alpha be") == ["beta-1"]
    assert completed(nb, "%copilot_sessions --title al") == ["alpha"]
    assert "alpha" not in completed(nb, "%%copilot\nal")
