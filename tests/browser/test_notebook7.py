"""The main path in Notebook 7: load, bind, stream, be asked, reload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd
from browser.prompts import bash
from browser.saved import assert_same_when_reopened

Open = Callable[..., FrontEnd]


@pytest.mark.slow
def test_main_path(front_end: Open, provider: ScriptedServer, tmp_path: Path) -> None:
    notebook = front_end(kind="notebook")
    loaded = notebook.run("%load_ext copilot_magics\n%copilot_session seven")
    expect(loaded.output).to_contain_text("Created seven")

    cell = notebook.run("%%copilot\ngate half", wait=False)
    expect(cell.output).to_contain_text("Before half.")
    expect(cell.output).not_to_contain_text("After half.")
    provider.release("half")
    expect(cell.finished().output).to_contain_text("Before half. After half.")
    expect(cell.outputs).to_have_count(1)

    for answer, decision in (("Allow once", "Allowed once"), ("Deny", "Denied")):
        cell = notebook.run(bash(f"touch '{decision}'"), wait=False)
        cell.button(answer).click()
        expect(cell.finished().output).to_contain_text(decision)
        expect(cell.output.get_by_role("button")).to_have_count(0)
    assert [path.name for path in (tmp_path / "work").glob("*ed*")] == ["Allowed once"]
    assert_same_when_reopened(notebook)
