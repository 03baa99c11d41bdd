"""A variable is mentioned in JupyterLab: tab completes it, and what was sent can be opened."""

from __future__ import annotations

from collections.abc import Callable

from directives import text_of
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd
from browser.saved import assert_same_when_reopened

Open = Callable[..., FrontEnd]

VARIABLES = """%load_ext copilot_magics
%copilot_session mentions
import pandas as pd
passengers = pd.DataFrame({"age": [22.0, None, 4.5], "</details><script>": ["a", "b", "c"]})"""


def test_a_mention_is_completed_sent_and_shown(front_end: Open, provider: ScriptedServer) -> None:
    notebook = front_end(VARIABLES, "%%copilot\nsay: I see ")
    notebook.cell(0).run()
    cell = notebook.cell(1)
    cell.editor.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.type("@pass")
    expect(cell.editor).to_contain_text("@pass")
    notebook.page.keyboard.press("Tab")
    offered = notebook.page.locator(".jp-Completer-item")
    expect(offered).to_have_count(1)
    expect(offered).to_contain_text("passengers")
    notebook.page.keyboard.press("Enter")
    expect(cell.editor).to_contain_text("@passengers")
    cell.run()

    expect(cell.outputs).to_have_count(1)
    fold = cell.output.locator("details")
    expect(fold.locator("summary")).to_contain_text("Sent along: passengers (DataFrame, about")
    sent = fold.get_by_text("age,float64,1,13.25")
    expect(sent).to_be_hidden()
    fold.locator("summary").click()
    expect(sent).to_be_visible()
    expect(sent).to_contain_text("</details><script>")
    expect(cell.output).to_contain_text("I see @passengers")
    assert "age,float64,1,13.25" in text_of(provider.last.messages[-1])
    fold.locator("summary").click()

    missing = notebook.run("%%copilot\nsay: I see @passenger")
    expect(missing.output).to_contain_text("Did you mean 'passengers'?")
    assert len(provider.requests) == 1
    assert_same_when_reopened(notebook)
