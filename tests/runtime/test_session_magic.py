"""``%copilot_session``: it creates or resumes, and never starts over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook, processes_of
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]


@pytest.fixture
def loaded(notebook: StartNotebook) -> Callable[..., Notebook]:
    def start(*args: object, **options: object) -> Notebook:
        nb = notebook(*args, **options)
        assert nb.run("%load_ext copilot_magics").status == "ok"
        return nb

    return start


def said(nb: Notebook, line: str) -> str:
    """Run a line that must succeed, and return what it prints."""
    cell = nb.run(line)
    assert cell.status == "ok", cell.outputs
    return cell.stdout.strip()


def refused(nb: Notebook, line: str) -> str:
    """Run a line that must fail, and return its error."""
    cell = nb.run(line)
    assert cell.status == "error", cell.outputs
    assert len(cell.error["traceback"]) == 1 if cell.error else False
    return f"{cell.ename}: {cell.evalue}"


def test_bad_ids_are_refused_before_anything_starts(
    home: Path, loaded: StartNotebook, provider: ScriptedServer
) -> None:
    nb = loaded()
    for bad, proposed in (("my session", "my-session"), ("../up", "up"), ("Zürich", "Zurich")):
        for option in ("", "--new ", "--resume "):
            error = refused(nb, f"%copilot_session {option}{bad}")
            assert error.startswith("InvalidSessionID: "), error
            assert "1 to 100" in error
            assert error.endswith(f"Try {proposed!r}.")
    assert [process.pid for process in processes_of(home)] == [nb.pid]
    assert not (home / "session-state").exists()
    assert provider.requests == []


def test_errors_of_options_are_said_before_anything_starts(
    home: Path, loaded: StartNotebook
) -> None:
    nb = loaded()
    for line, told in {
        "chat --modle m": "Did you mean '--model'",
        "chat --model": "%copilot_session: ",
        "chat 'open": "A quotation mark is not closed.",
        "chat --new --resume": "--new and --resume exclude each other.",
        "chat --provider opneai": "Did you mean 'openai'",
        "chat --provider azure": "needs its URL",
        "chat --base-url mine.example": "no URL of a provider",
        "chat --api-key-env K": "without the URL",
        "chat --wire-api respones": "Did you mean 'responses'",
        "chat --permissions allow": "Did you mean 'allow-all'",
        "chat --rerun never": "It can be append, replay, rewind.",
        "chat --allow shell(": "shell(",
        "chat --deny nonsense(": "nonsense(",
        "chat --cwd /no/such/folder": "There is no folder '/no/such/folder'.",
        "--disconnect": "There is no session to disconnect.",
    }.items():
        error = refused(nb, f"%copilot_session {line}")
        assert error.startswith("BadInput: "), error
        assert told in error
    assert [process.pid for process in processes_of(home)] == [nb.pid]
    assert not (home / "session-state").exists()


def test_create_or_resume_and_never_start_over(
    loaded: StartNotebook, provider: ScriptedServer
) -> None:
    nb = loaded()
    assert "is not bound" in said(nb, "%copilot_session")
    assert said(nb, "%copilot_session chat") == "Created chat · scripted."
    assert refused(nb, "%copilot_session chat --new").startswith("SessionExists: ")
    error = refused(nb, "%copilot_session caht --resume")
    assert error == "SessionNotFound: There is no session 'caht'. Did you mean 'chat'?"
    assert "No prompt was sent from a notebook yet." in said(nb, "%copilot_session")

    nb.run("%%copilot\nsay: first")
    status = said(nb, "%copilot_session")
    assert "bound to chat · 1 turn · last used " in status
    assert status.endswith("Its last turn was answered.")
    # The notebook is still bound to what it was bound to before the two errors.
    assert provider.last.prompts == ["say: first"]

    assert said(nb, "%copilot_session --disconnect") == "Disconnected chat; its data stays on disk."
    for line in ("%copilot_session chat", "%copilot_session --resume chat"):
        resumed = said(nb, line)
        assert resumed.startswith("Resumed chat · 1 turn · last used "), resumed
        assert resumed.endswith(" · scripted.")
    nb.run("%%copilot\nrecall")
    assert provider.last.prompts == ["say: first", "recall"]

    assert said(nb, "%copilot_session --new second") == "Created second · scripted."
    nb.run("%%copilot\nrecall")
    assert provider.last.prompts == ["recall"]


def test_a_session_never_prompted_is_listed_and_resumed_by_a_new_kernel(
    loaded: StartNotebook, provider: ScriptedServer
) -> None:
    first = loaded()
    said(first, "%copilot_session quiet-one")
    first.kill()
    second = loaded()
    listed = second.run("print(*list_sessions()[['session', 'turns', 'model']].iloc[0])")
    assert listed.stdout == "quiet-one 0 scripted\n"
    assert said(second, "%copilot_session --resume quiet-one").startswith("Resumed quiet-one · 0")
    second.run("%%copilot\nsay: hello")
    assert provider.prompts() == ["say: hello"]


def test_titles(loaded: StartNotebook, provider: ScriptedServer) -> None:
    nb = loaded()
    said(nb, "%copilot_session one")
    nb.run("%%copilot\ntest")
    # A first prompt is no title that a person chose.
    assert said(nb, "%copilot_session test").startswith("Created test")
    nb.run("%%copilot\nrecall")
    assert provider.last.prompts == ["recall"]

    titled = said(nb, "%copilot_sessions --title one Weekly Report")
    assert titled == "Session one is now titled “Weekly Report”."
    assert said(nb, "%copilot_session weekly REPORT").startswith("Resumed one · “Weekly Report” ·")
    assert said(nb, '%copilot_session --resume "Weekly Report"').startswith("Resumed one · ")
    error = refused(nb, '%copilot_session --new "Weekly Report"')
    assert error.startswith("InvalidSessionID: "), error

    said(nb, "%copilot_sessions --title test twice")
    error = refused(nb, "%copilot_session --new TWICE")
    assert error.startswith("SessionExists: The session 'test' has the title 'TWICE'."), error
    said(nb, "%copilot_sessions --title one Twice")
    error = refused(nb, "%copilot_session twice")
    assert error == "BadInput: 2 sessions have the title 'twice'. Use an ID: one, test."
    # An ID is found before anybody's title.
    said(nb, "%copilot_sessions --title one test")
    assert said(nb, "%copilot_session test").startswith("Resumed test · “twice”")

    for line, told in {
        "one": "--title needs an ID and a title.",
        "oen New title": "There is no session 'oen'. Did you mean 'one'?",
        f"one {'x' * 101}": "Use 1 to 100 characters",
        "one 'a\x07b'": "cannot be a title",
    }.items():
        assert told in refused(nb, f"%copilot_sessions --title {line}")


def test_the_model_a_wrong_one_and_how_hard_it_thinks(
    loaded: StartNotebook, provider: ScriptedServer
) -> None:
    nb = loaded()
    error = refused(nb, "%copilot_session chat --model scriptd")
    assert "has no model 'scriptd'; nothing was sent. Did you mean 'scripted'" in error
    assert "is not bound" in said(nb, "%copilot_session")

    assert (
        said(nb, "%copilot_session chat --model scripted-mini") == "Created chat · scripted-mini."
    )
    nb.run("%%copilot\nsay: one")
    assert provider.last.body["model"] == "scripted-mini"
    # What cannot be taken up changes nothing, in a session that is held.
    assert "has no model" in refused(nb, "%copilot_session chat --model nonsense")
    assert nb.run("%%copilot\nsay: two").status == "ok"
    assert provider.last.body["model"] == "scripted-mini"

    assert "has no model" in refused(nb, "%%copilot --model scripted-mni\nsay: three")
    nb.run("%%copilot --model scripted\nsay: three")
    nb.run("%%copilot\nsay: four")
    assert [r.body["model"] for r in provider.requests[-2:]] == ["scripted", "scripted-mini"]
    listed = nb.run("%copilot_models")
    assert all(name in listed.text for name in ("scripted", "scripted-mini"))

    said(nb, "%copilot_session chat --reasoning-effort high")
    nb.run("%%copilot\nsay: five")
    assert provider.last.body["reasoning_effort"] == "high"


def test_the_folder_is_remembered(loaded: StartNotebook, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    nb = loaded()
    said(nb, "%copilot_session chat --cwd ../data")
    for _ in range(2):
        said(nb, "%copilot_session --disconnect")
        said(nb, "%copilot_session chat --allow shell(pwd)")
        where = nb.run('%%copilot\ntool bash {"command": "pwd", "description": "where"}')
        assert str(tmp_path / "data") in where.text


def test_how_the_last_turn_ended_is_said(loaded: StartNotebook, provider: ScriptedServer) -> None:
    nb = loaded()
    said(nb, "%copilot_session chat")
    nb.run("%%copilot\nhttp 400")
    assert said(nb, "%copilot_session").endswith(
        "Its last turn failed; its prompt is in the journal."
    )

    waiting = nb.start("%%copilot\ngate one")
    provider.wait_reached("one")
    nb.interrupt()
    assert waiting.result().ename == "TurnInterrupted"
    assert said(nb, "%copilot_session").endswith(
        "Its last turn was aborted; its prompt is in the journal."
    )

    nb.start("%%copilot\ngate two")
    provider.wait_reached("two")
    nb.kill()
    again = loaded()
    assert said(again, "%copilot_session").endswith(
        "Its last turn was cut short when its kernel ended; its prompt is in the journal."
    )
