"""A conversation in JupyterLab, as its user sees it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd

Open = Callable[..., FrontEnd]


def test_an_answer_grows_and_ends_as_one_output(front_end: Open, provider: ScriptedServer) -> None:
    notebook = front_end()
    loaded = notebook.run("%load_ext copilot_magics\n%copilot_session talk")
    expect(loaded.output).to_contain_text("Created talk")
    cell = notebook.run("%%copilot\ngate half", wait=False)
    expect(cell.output).to_contain_text("Before half.")
    expect(cell.output).not_to_contain_text("After half.")
    provider.release("half")
    expect(cell.output).to_contain_text("Before half. After half.")
    cell.finished()
    expect(cell.outputs).to_have_count(1)
