"""Restart and Run All: what was answered is sent again and said so, or shown again for nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]

PROMPTS = ["say: one", "say: **two**", "say: go on", "say: go on", "think: hm\nsay: five"]
ANSWERS = ["one", "**two**", "go on", "go on", "five"]
BEFORE = "This was answered before, on "


def run_all(nb: Notebook, rerun: str, *, ids: bool) -> list[Cell]:
    """Run the notebook's cells from the top."""
    nb.run("%load_ext copilot_magics")
    bound = nb.run(f"%copilot_session chat {rerun}")
    assert bound.status == "ok", bound.outputs
    cells = [
        nb.run(f"%%copilot\n{prompt}", cell_id=f"cell-{number}" if ids else None)
        for number, prompt in enumerate(PROMPTS)
    ]
    assert [cell.status for cell in cells] == ["ok"] * len(PROMPTS), [c.outputs for c in cells]
    return cells


def answers(cells: list[Cell]) -> list[str]:
    """Return the answer that each cell shows: the Markdown on display that has it."""
    return [
        next(answer for answer in ANSWERS if answer in cell.text and expected == answer)
        for cell, expected in zip(cells, ANSWERS, strict=True)
    ]


@pytest.mark.parametrize("ids", [True, False], ids=["cell IDs", "no cell IDs"])
def test_restart_and_run_all(notebook: StartNotebook, provider: ScriptedServer, ids: bool) -> None:
    nb = notebook()
    first = run_all(nb, "", ids=ids)
    assert len(provider.requests) == 5
    assert not any(BEFORE in cell.text for cell in first)
    # In the same kernel a cell that is run again is simply asked again.
    assert BEFORE not in nb.run(f"%%copilot\n{PROMPTS[0]}", cell_id="cell-0" if ids else None).text
    assert len(provider.requests) == 6

    nb.restart()
    replayed = run_all(nb, "--rerun replay", ids=ids)
    assert len(provider.requests) == 6
    assert answers(replayed) == answers(first) == ANSWERS
    assert all("Replayed from the journal of chat; nothing was sent." in c.text for c in replayed)
    value = nb.run("print(_.text, _.outcome, _.session, len(_.messages) > 1)")
    assert value.stdout == "five answered chat True\n"

    # What was not asked before is sent.
    edited = nb.run("%%copilot\nsay: edited", cell_id="cell-0" if ids else None)
    assert "edited" in edited.text
    assert "Replayed" not in edited.text
    assert len(provider.requests) == 7

    nb.restart()
    appended = run_all(nb, "", ids=ids)
    assert len(provider.requests) == 12
    assert answers(appended) == ANSWERS
    for cell in appended:
        assert BEFORE in cell.text
        assert "it is sent again. `%copilot_session --rerun replay` would show" in cell.text


def test_what_replay_does_not_cover(notebook: StartNotebook, provider: ScriptedServer) -> None:
    nb = notebook()
    nb.run("%load_ext copilot_magics")
    nb.run("%copilot_session chat")
    assert nb.run("%%copilot\nhttp 400 once\nsay: late", cell_id="failed").status == "error"
    nb.run("for _ in range(2):\n    %copilot say: again", cell_id="loop")
    nb.run("%%copilot --quiet --into kept\nsay: kept", cell_id="kept")
    assert len(provider.requests) == 4

    nb.restart()
    nb.run("%load_ext copilot_magics")
    # The default may be set for good; an option overrides it.
    nb.run("%config CopilotMagics.rerun = 'replay'")
    nb.run("%copilot_session chat")
    # A failure is no answer.
    assert "late" in nb.run("%%copilot\nhttp 400 once\nsay: late", cell_id="failed").text
    assert len(provider.requests) == 5
    # A loop replays each of its prompts, and asks the third.
    nb.run("for _ in range(3):\n    %copilot say: again", cell_id="loop")
    assert len(provider.requests) == 6
    quiet = nb.run("%%copilot --quiet --into kept\nsay: kept", cell_id="kept")
    assert quiet.outputs == []
    assert nb.run("print(kept.text)").stdout == "kept\n"
    # Another session has not answered it.
    nb.run("%%copilot --session other\nsay: kept", cell_id="kept")
    assert len(provider.requests) == 7
    nb.run("%copilot_session --rerun append")
    assert BEFORE in nb.run("%%copilot\nsay: kept", cell_id="kept").text
    assert len(provider.requests) == 8
