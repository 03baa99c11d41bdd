"""A session goes back to whoever answered before, or says what is missing; no key strays.

Two providers serve here, each with a key of its own: what one is asked, the other never sees.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]

LOAD = "%load_ext copilot_magics"
MINE, THEIRS = "canary-mine-4f1d", "canary-theirs-9a2c"


@pytest.fixture
def mine(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """Serve a provider whose key is in the variable MY_KEY."""
    with ScriptedServer(key=MINE) as server:
        monkeypatch.setenv("MY_KEY", MINE)
        yield server


@pytest.fixture
def theirs(home: Path) -> Iterator[ScriptedServer]:
    with ScriptedServer(key=THEIRS) as server:
        yield server


def environment(server: ScriptedServer) -> dict[str, str | None]:
    """Return what configures a provider in the Copilot CLI's own words."""
    return {
        "COPILOT_PROVIDER_BASE_URL": server.url,
        "COPILOT_PROVIDER_API_KEY": server.key,
        "COPILOT_MODEL": "scripted",
    }


def named(server: ScriptedServer, variable: str = "MY_KEY") -> str:
    return f"--provider openai --base-url {server.url} --api-key-env {variable} --model scripted"


def ran(nb: Notebook, code: str) -> str:
    cell = nb.run(code)
    assert cell.status == "ok", cell.outputs
    return cell.text


def test_a_named_provider_is_used_again_or_missed(
    runtime_path: Path, plain_notebook: StartNotebook, mine: ScriptedServer, theirs: ScriptedServer
) -> None:
    first = plain_notebook()
    ran(first, LOAD)
    ran(first, f"%copilot_session chat {named(mine)}")
    ran(first, "%%copilot\nsay: one")
    first.kill()

    # Another default, and the URL's key where it was: the session goes back.
    second = plain_notebook(env=environment(theirs))
    ran(second, LOAD)
    ran(second, "%%copilot\nsay: two")
    assert mine.prompts() == ["say: one", "say: two"]
    # How it answers is no other provider.
    assert second.run("%copilot_session chat --model scripted-mini").status == "ok"
    ran(second, "%%copilot\nsay: three")
    assert mine.last.body["model"] == "scripted-mini"
    # A new session takes the default.
    ran(second, "%copilot_session fresh")
    ran(second, "%%copilot\nsay: theirs")
    assert theirs.prompts() == ["say: theirs"]
    second.kill()

    # The variable is gone: it is missed, and not done without.
    third = plain_notebook(env={**environment(theirs), "MY_KEY": None})
    ran(third, LOAD)
    for line in ("%copilot_session chat", "%%copilot --session chat\nsay: no"):
        cell = third.run(line)
        assert cell.ename == "ProviderUnavailable"
        assert f"The variable MY_KEY, which holds the key of openai at {mine.url}, is not set." in (
            cell.evalue
        )
    # Set as the error says, in the same kernel, it goes on.
    ran(third, f"import os\nos.environ['MY_KEY'] = '{MINE[:6]}' + '{MINE[6:]}'")
    ran(third, "%copilot_session chat")
    ran(third, "%%copilot\nsay: four")
    assert mine.last.prompts == ["say: one", "say: two", "say: three", "say: four"]
    # An explicit option, and only that, takes it elsewhere.
    ran(third, f"%copilot_session chat --base-url {theirs.url}")
    ran(third, "%%copilot\nsay: five")
    assert [len(mine.requests), len(theirs.requests)] == [4, 2]
    assert_no_key_crossed(mine, theirs)


@pytest.mark.slow
def test_the_environments_provider_is_used_again_or_missed(
    runtime_path: Path, plain_notebook: StartNotebook, mine: ScriptedServer, theirs: ScriptedServer
) -> None:
    first = plain_notebook(env=environment(mine))
    ran(first, LOAD)
    ran(first, "%copilot_session chat")
    ran(first, "%%copilot\nsay: one")
    first.kill()
    for env, told in (
        (environment(theirs), f"COPILOT_PROVIDER_BASE_URL is that of openai at {theirs.url} now"),
        ({}, "COPILOT_PROVIDER_BASE_URL is not set"),
        (
            {**environment(mine), "COPILOT_PROVIDER_API_KEY": None},
            "The variable COPILOT_PROVIDER_API_KEY, which holds the key of",
        ),
    ):
        nb = plain_notebook(env=env)
        ran(nb, LOAD)
        for line in ("%copilot_session chat", "%%copilot\nsay: no"):
            cell = nb.run(line)
            assert cell.ename == "ProviderUnavailable", cell.outputs
            assert told in cell.evalue
        nb.kill()
    last = plain_notebook(env=environment(mine))
    ran(last, LOAD)
    ran(last, "%%copilot\nsay: two")
    assert mine.last.prompts == ["say: one", "say: two"]
    assert theirs.requests == []
    assert_no_key_crossed(mine, theirs)


def test_a_key_goes_to_no_url_from_elsewhere(
    runtime_path: Path, plain_notebook: StartNotebook, mine: ScriptedServer, theirs: ScriptedServer
) -> None:
    nb = plain_notebook(env={**environment(mine), "OPENAI_API_KEY": MINE})
    ran(nb, LOAD)
    for line in (
        f"%copilot_session a --base-url {theirs.url} --model scripted",
        f"%copilot_session b --provider openai --base-url {theirs.url} --model scripted",
    ):
        nb.run(line)
        cell = nb.run("%%copilot\nsay: no")
        assert cell.ename == "TurnFailed"
        assert "refused the key" in cell.evalue
    assert "scripted-mini" in ran(nb, f"%copilot_models --base-url {theirs.url}")
    refused = nb.run("%copilot_session c --api-key-env MY_KEY")
    assert "without the URL that the key is for" in refused.evalue
    assert theirs.requests
    assert_no_key_crossed(mine, theirs)


def assert_no_key_crossed(mine: ScriptedServer, theirs: ScriptedServer) -> None:
    for server, other in ((mine, THEIRS), (theirs, MINE)):
        for request in server.requests:
            assert other not in str(request.headers) + str(request.body)


def test_nobody_is_there_to_answer(
    runtime_path: Path, plain_notebook: StartNotebook, home: Path
) -> None:
    nb = plain_notebook()
    ran(nb, LOAD)
    ran(nb, "%copilot_session chat")
    for code in ("%%copilot\nhello", "%copilot hello", "%copilot_models"):
        cell = nb.run(code)
        assert cell.ename == "ProviderUnavailable"
        assert cell.evalue.startswith("You are not logged in to GitHub Copilot, and no other")
        for way_out in (
            "`!python -m copilot_magics login`",
            "--provider openai --api-key-env OPENAI_API_KEY --model NAME",
            "`--provider local`",
        ):
            assert way_out in cell.evalue
    journal = home / "session-state" / "chat" / "events.jsonl"
    assert b'"user.message"' not in journal.read_bytes()
    assert os.path.exists(journal)
