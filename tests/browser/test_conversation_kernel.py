"""The toolbar's stop and restart buttons, while an answer comes and while something is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd
from browser.prompts import bash
from browser.saved import assert_no_placeholder, assert_same_when_reopened

Open = Callable[..., FrontEnd]


def test_stop_ends_an_answer_and_a_question(
    front_end: Open, provider: ScriptedServer, tmp_path: Path
) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session stops")

    cell = notebook.run("%%copilot\nsilent after: the beginning of it", wait=False)
    expect(cell.output).to_contain_text("the beginning of it")
    notebook.interrupt()
    expect(cell.finished().output).to_contain_text("the beginning of it")
    expect(cell.output).to_contain_text("Interrupted")

    cell = notebook.run(bash("touch made"), wait=False)
    expect(cell.button("Deny")).to_be_visible()
    notebook.interrupt()
    expect(cell.finished().output).to_contain_text("Interrupted")
    expect(cell.output.get_by_role("button")).to_have_count(0)
    assert not (tmp_path / "work" / "made").exists()

    assert "You said: go on" in notebook.run("%%copilot\ngo on").output.inner_text()
    assert_same_when_reopened(notebook)


@pytest.mark.slow
def test_restart_goes_on_with_the_session(front_end: Open, tmp_path: Path) -> None:
    notebook = front_end("%load_ext copilot_magics")
    load = notebook.cell(0).run()
    notebook.run("%copilot_session restarts")
    notebook.run("%%copilot\nthe word is umbrella")
    notebook.restart()
    load.run()
    cell = notebook.run("%%copilot\nrecall")
    expect(cell.output).to_contain_text("Resumed restarts")
    expect(cell.output).to_contain_text("the word is umbrella")

    asked = notebook.run(bash("touch made"), wait=False)
    expect(asked.button("Deny")).to_be_visible()
    notebook.restart()
    expect(asked.output.get_by_role("button")).to_have_count(0)
    load.run()
    expect(notebook.run("%%copilot\nrecall").output).to_contain_text("the word is umbrella")
    assert not (tmp_path / "work" / "made").exists()
    notebook.save()
    notebook.reopen()
    expect(asked.output.get_by_role("button")).to_have_count(0)
    assert_no_placeholder(notebook)
