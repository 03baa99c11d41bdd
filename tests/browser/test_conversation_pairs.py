"""Two notebooks side by side in one JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd, write_notebook

Open = Callable[..., FrontEnd]


def pair(front_end: Open) -> tuple[FrontEnd, FrontEnd]:
    left = front_end(name="left.ipynb", viewport={"width": 1600, "height": 900})
    path = left.path.with_name("right.ipynb")
    write_notebook(path)
    return left, left.beside(path)


@pytest.mark.slow
def test_two_sessions_answer_at_once(front_end: Open, provider: ScriptedServer) -> None:
    left, right = pair(front_end)
    cells = []
    for notebook, name in ((left, "left"), (right, "right")):
        loaded = notebook.run(f"%load_ext copilot_magics\n%copilot_session {name}")
        expect(loaded.output).to_contain_text(f"Created {name}")
        cells.append(notebook.run(f"%%copilot\ngate {name}", wait=False))
    on_left, on_right = cells
    expect(on_left.output).to_contain_text("Before left.")
    expect(on_right.output).to_contain_text("Before right.")
    provider.release("right")
    expect(on_right.finished().output).to_contain_text("After right.")
    expect(on_left.output).not_to_contain_text("After left.")
    provider.release("left")
    expect(on_left.finished().output).to_contain_text("After left.")
    expect(right.run("%%copilot\nrecall").output).not_to_contain_text("left")


@pytest.mark.slow
def test_one_session_has_one_notebook(front_end: Open) -> None:
    left, right = pair(front_end)
    left.run("%load_ext copilot_magics\n%copilot_session shared")
    left.run("%%copilot\nmine")
    refused = right.run("%load_ext copilot_magics\n%copilot_session shared")
    expect(refused.output).to_contain_text("SessionInUse")
    expect(refused.output).to_contain_text("left.ipynb")
    expect(refused.output).not_to_contain_text("Traceback")
    expect(left.run("%%copilot\nrecall").output).to_contain_text("mine")
    left.run("%copilot_session --disconnect")
    expect(right.run("%copilot_session shared").output).to_contain_text("Resumed shared")
    expect(right.run("%%copilot\nrecall").output).to_contain_text("mine")
