"""A notebook finds its session again, and no two notebooks write to one session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernels import Notebook
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics"


@pytest.fixture(autouse=True)
def alice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "alice")


def test_a_killed_kernel_loses_nothing(notebook: StartNotebook, provider: ScriptedServer) -> None:
    first = notebook()
    first.run(LOAD)
    first.run("%copilot_session long-lived")
    first.run("%%copilot\nsay: Let's discuss generics")
    first.kill()
    second = notebook()
    second.run(LOAD)
    cell = second.run("%%copilot\nrecall")
    assert "- say: Let's discuss generics" in cell.text
    assert "Resumed long-lived · 1 turn" in cell.text
    assert provider.last.prompts == ["say: Let's discuss generics", "recall"]


def test_a_notebook_never_bound_gets_a_session_of_its_own_name(
    notebook: StartNotebook, provider: ScriptedServer, tmp_path: Path
) -> None:
    one = notebook(tmp_path / "one", "churn.ipynb")
    two = notebook(tmp_path / "two", "churn.ipynb")
    for nb, name in ((one, "alice-churn"), (two, "alice-churn-2")):
        nb.run(LOAD)
        cell = nb.run(f"%%copilot\nsay: I am {name}")
        assert f"Session {name} created; this notebook is bound to it." in cell.text
        assert "created" not in nb.run("%%copilot\nsay: again").text
    one.kill()
    two.kill()
    for folder, name in (("two", "alice-churn-2"), ("one", "alice-churn")):
        nb = notebook(tmp_path / folder, "churn.ipynb")
        nb.run(LOAD)
        assert f"is bound to {name} · 2 turns" in nb.run("%copilot_session").stdout
        nb.run("%%copilot\nrecall")
        assert provider.last.prompts == [f"say: I am {name}", "say: again", "recall"]
        nb.kill()


def test_where_no_notebook_is_known_sessions_are_always_new(
    notebook: StartNotebook, provider: ScriptedServer
) -> None:
    unnamed = notebook(name="")
    unwatched = notebook()
    names = []
    for nb, options in ((unnamed, {}), (unwatched, {"allow_stdin": False})):
        nb.run(LOAD, **options)
        cell = nb.run("%%copilot\nrecall", **options)
        assert cell.status == "ok", cell.outputs
        names.append(nb.run("_.session", **options).value)
        assert "Nothing was said before." in cell.text
        # Within one run it goes on.
        nb.run("%%copilot\nrecall", **options)
        assert provider.last.prompts == ["recall", "recall"]
        nb.restart()
        nb.run(LOAD, **options)
        nb.run("%%copilot\nrecall", **options)
        assert provider.last.prompts == ["recall"]
        names.append(nb.run("_.session", **options).value)
    assert len({str(name) for name in names}) == 4
    assert all("alice-session-" in str(name) for name in names)


def test_a_deleted_session_is_not_silently_made_again(
    notebook: StartNotebook, provider: ScriptedServer
) -> None:
    nb = notebook(name="churn.ipynb")
    nb.run(LOAD)
    nb.run("%copilot_session mine")
    nb.run("%%copilot\nsay: one")
    assert nb.run("%copilot_sessions --delete mine --yes").status == "ok"
    assert "is not bound" in nb.run("%copilot_session").stdout
    cell = nb.run("%%copilot\nrecall")
    assert "Session alice-churn created; this notebook is bound to it." in cell.text
    assert provider.last.prompts == ["recall"]


def test_the_second_notebook_is_refused_and_told_who(
    notebook: StartNotebook, provider: ScriptedServer, tmp_path: Path
) -> None:
    holder = notebook(tmp_path / "one")
    other = notebook(tmp_path / "two")
    for nb in (holder, other):
        nb.run(LOAD)
    holder.run("%copilot_session shared")
    holder.run("%%copilot\nsay: mine")
    for line in ("%copilot_session shared", "%%copilot --session shared\nsay: no"):
        cell = other.run(line)
        assert cell.ename == "SessionInUse"
        assert f"in use by {tmp_path / 'one' / 'notebook.ipynb'} (process {holder.pid} on" in (
            cell.evalue
        )
    # Reading takes no lock, and the list says who has it.
    assert other.run("len(get_messages('shared', types='user.message'))").value == {
        "text/plain": "1"
    }
    assert str(holder.pid) in other.run("print(list_sessions().in_use[0])").stdout
    holder.run("%copilot_session --disconnect")
    other.run("%copilot_session shared")
    other.run("%%copilot\nrecall")
    assert provider.last.prompts == ["say: mine", "recall"]
    # Whoever let it go takes it again when it can, and knows what was said meanwhile.
    assert holder.run("%%copilot\nrecall").ename == "SessionInUse"
    other.kill()
    holder.run("%%copilot\nrecall")
    assert provider.last.prompts == ["say: mine", "recall", "recall"]


@pytest.mark.slow
def test_two_kernels_race_to_create_one_session(
    notebook: StartNotebook, provider: ScriptedServer, tmp_path: Path
) -> None:
    racers = [notebook(tmp_path / name) for name in ("one", "two")]
    for nb in racers:
        nb.run(LOAD)
        nb.run("import copilot, pandas")
    cells = [nb.start("%copilot_session race") for nb in racers]
    ends = sorted(cell.result().ename or cell.stdout.split()[0] for cell in cells)
    assert ends == ["Created", "SessionInUse"]
    journal = tmp_path / "copilot-home" / "session-state" / "race" / "events.jsonl"
    assert journal.read_text().count('"session.start"') == 1


async def hold_in_another_runtime(runtime: Path, home: Path, server: str, name: str) -> Any:
    from copilot import CopilotClient, RuntimeConnection

    connection = RuntimeConnection.for_stdio(path=str(runtime))
    client = CopilotClient(connection=connection, base_directory=str(home), log_level="none")
    await client.start()
    session = await client.resume_session(
        name,
        provider={"type": "openai", "base_url": server, "api_key": "test-key"},
        model="scripted",
        on_permission_request=lambda *_: None,
    )
    idle = asyncio.Event()
    session.on(lambda event: idle.set() if event.type.value == "session.idle" else None)
    await session.send("say: from elsewhere")
    await idle.wait()
    return client


async def test_a_session_that_a_terminal_holds_is_not_written_to(
    notebook: StartNotebook,
    provider: ScriptedServer,
    runtime_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nb = notebook()
    nb.run(LOAD)
    nb.run("%copilot_session shared")
    nb.run("%%copilot\nsay: one")
    for name in ("COPILOT_PROVIDER_BASE_URL", "COPILOT_PROVIDER_API_KEY", "COPILOT_MODEL"):
        monkeypatch.delenv(name)
    client = await hold_in_another_runtime(runtime_path, home, provider.url, "shared")
    try:
        cell = nb.run("%%copilot\nsay: two")
        assert cell.ename == "SessionInUse"
        assert "is in use by another Copilot runtime (process " in cell.evalue
        assert provider.prompts() == ["say: one", "say: from elsewhere"]
        refused = nb.run("%copilot_sessions --delete shared --yes")
        assert refused.ename == "SessionInUse"
    finally:
        with contextlib.suppress(Exception):
            await client.stop()
    nb.run("%%copilot\nsay: three")
    assert provider.last.prompts == ["say: one", "say: from elsewhere", "say: three"]
