"""A turn in the background: live in the cell that began it, while others run and none does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd
from browser.prompts import bash
from browser.saved import assert_no_placeholder, assert_same_when_reopened

Open = Callable[..., FrontEnd]

BACKGROUND = "%%copilot --background"


def test_it_asks_while_other_cells_run_and_ends_as_a_static_output(
    front_end: Open, provider: ScriptedServer, tmp_path: Path
) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session beside")
    cell = notebook.run(bash("touch made").replace("%%copilot", f"{BACKGROUND} --into reply"))
    expect(cell.button("Allow once")).to_be_visible()
    expect(cell.output).to_contain_text("touch made")
    other = notebook.run("%%copilot --session other\ngate held", wait=False)
    provider.wait_reached("held")
    cell.button("Allow once").click()
    expect(cell.output).to_contain_text("Tool said")
    expect(cell.output).to_contain_text("Allowed once (run a command): touch made")
    # All of that while the other cell ran.
    expect(other.prompt).to_have_text("[*]:")
    assert (tmp_path / "work" / "made").exists()
    expect(cell.output.get_by_role("button")).to_have_count(0)
    provider.release("held")
    other.finished()

    cell = notebook.run(f"{BACKGROUND}\nsilent after: the beginning of it")
    expect(cell.output).to_contain_text("the beginning of it")
    expect(cell.output).to_contain_text("In the background: answering")
    assert notebook.violations(f'[data-path="{notebook.inside}"] .widget-vbox') == []
    notebook.interrupt()
    assert "41" in notebook.run("print(40 + 1)").output.inner_text()
    notebook.screenshot("background-live")
    cell.button("Stop").click()
    expect(cell.output).to_contain_text("TurnAborted")
    expect(cell.output.get_by_role("button")).to_have_count(0)
    assert_no_placeholder(notebook)
    assert_same_when_reopened(notebook)


@pytest.mark.slow
def test_it_outlives_its_page_but_not_its_kernel(front_end: Open, provider: ScriptedServer) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session pages")
    cell = notebook.run(f"{BACKGROUND}\ngate reloaded")
    expect(cell.output).to_contain_text("Before reloaded.")
    notebook.save()
    notebook.reload()
    expect(cell.output).to_contain_text("Before reloaded.")
    provider.release("reloaded")
    expect(cell.output).to_contain_text("After reloaded.")
    expect(cell.button("Stop")).to_have_count(0)
    assert "After reloaded." in notebook.save().cells[1].outputs[0]["data"]["text/markdown"]

    cell = notebook.run(f"{BACKGROUND} --into closed\ngate closed")
    expect(cell.output).to_contain_text("Before closed.")
    notebook.save()
    notebook.page.goto("about:blank")
    provider.release("closed")
    # It ends while nobody looks.
    notebook.open()
    expect(cell.output).to_contain_text("After closed.")
    expect(cell.button("Stop")).to_have_count(0)
    assert "After closed." in notebook.save().cells[2].outputs[0]["data"]["text/markdown"]

    cell = notebook.run(f"{BACKGROUND}\nsilent after: hm")
    expect(cell.button("Stop")).to_be_visible()
    notebook.restart()
    expect(cell.output).to_contain_text("This worked in the background when its kernel ended")
    expect(cell.button("Stop")).to_have_count(0)
    told = notebook.run("%load_ext copilot_magics\n%copilot_session").output
    expect(told).to_have_text(re.compile(r"Its last turn (failed|was .*); its prompt is in"))
    assert_no_placeholder(notebook)
