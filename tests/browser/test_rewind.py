"""Going back in the browser: the button at each answer of the picker, and a cell run again."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import answer, prompt, start, write_session
from playwright.sync_api import Locator, expect
from scripted import ScriptedServer

from browser.front_end import ARTIFACTS, FrontEnd
from browser.pickers import PickerView
from copilot_magics.locking import SessionLock
from copilot_magics.transcripts.catalog import catalog
from copilot_magics.transcripts.prompts import prompts_of

Open = Callable[..., FrontEnd]

BEGIN = "%load_ext copilot_magics\n%copilot_session talk --rerun rewind"
PICK = """from ipywidgets import VBox
box = VBox([SessionPicker(height=560)], layout={"width": "480px"})
box"""


def backs(picker: PickerView) -> Locator:
    """Return the buttons at the answers, from the top."""
    return picker.conversation.get_by_role("button", name="Continue from here", exact=True)


def typed(session: str) -> list[str]:
    return [prompt.text for prompt in prompts_of(session)]


def test_going_back(front_end: Open, provider: ScriptedServer) -> None:
    notebook = front_end(
        BEGIN, "%%copilot\nsay: one", "%%copilot\nsay: two", "%%copilot\nsay: three"
    )
    for number in range(4):
        notebook.cell(number).run()
    notebook.resize(1400, 1000)
    picker = PickerView(notebook.run(PICK).output.locator(".copilot-picker"))
    picker.choose("talk")
    expect(backs(picker)).to_have_count(3)

    # By keyboard, and never mind.
    backs(picker).first.focus()
    notebook.page.keyboard.press("Enter")
    expect(picker.dialog).to_contain_text(
        "What comes after this answer is cut off from talk: 2 prompts with their answers, from "
        "“say: two” on."
    )
    notebook.page.keyboard.press("Escape")
    expect(picker.dialog).to_have_count(0)
    expect(backs(picker).first).to_be_focused()
    assert typed("talk") == ["say: one", "say: two", "say: three"]

    backs(picker).nth(1).click()
    confirm = picker.dialog.get_by_role("button", name="Continue from here", exact=True)
    confirm.click()
    picker.expect_said("Session talk is back at turn 2; turn 3 is kept in the fork ")
    picker.expect_said("This notebook is bound to it.")
    expect(picker.conversation.locator(".cm-user")).to_have_count(2)
    expect(picker.conversation).to_be_focused()
    assert typed("talk") == ["say: one", "say: two"]
    fork = next(found for found in catalog() if found.session != "talk")
    assert fork.title == "talk before rewind to turn 2"
    assert typed(fork.session) == ["say: one", "say: two", "say: three"]
    expect(picker.row(fork.session)).to_be_visible()

    # Nothing comes after the last answer: it is only taken up.
    expect(backs(picker)).to_have_count(2)
    backs(picker).last.click()
    picker.expect_said("Resumed talk")
    assert typed("talk") == ["say: one", "say: two"]

    # An earlier cell is changed and run again.
    first = notebook.cell(1)
    first.editor.click()
    notebook.page.keyboard.press("Control+End")
    notebook.page.keyboard.insert_text(" more")
    first.run()
    expect(first.output).to_contain_text(
        re.compile(r"This cell had asked turn 1: the conversation went back .* turns 1 and 2 are")
    )
    assert provider.requests[-1].prompts == ["say: one more"]
    notebook.cell(2).run()
    assert provider.requests[-1].prompts == ["say: one more", "say: two"]
    expect(picker.conversation.locator(".cm-user").first).to_contain_text("say: one more")

    # What another kernel holds stays as it is.
    notebook.run("%copilot_session --disconnect")
    lock = SessionLock("talk", "/home/bob/elsewhere.ipynb")
    backs(picker).first.click()
    confirm.click()
    picker.expect_said("The session 'talk' is in use by /home/bob/elsewhere.ipynb")
    assert typed("talk") == ["say: one more", "say: two"]
    # What nobody holds is taken up for it.
    lock.release()
    backs(picker).first.click()
    confirm.click()
    picker.expect_said("Session talk is back at turn 1; turn 2 is kept in the fork ")
    assert typed("talk") == ["say: one more"]

    # Who looks further up is not disturbed: an answer that went meanwhile is told when it is used,
    # and what there is instead is shown.
    notebook.run("%%copilot\nsay: " + "long " * 900)
    expect(backs(picker)).to_have_count(2)
    picker.conversation.evaluate("element => element.scrollTop = 0")
    first.run()
    assert typed("talk") == ["say: one more"]
    expect(picker.cell("talk", "turns")).to_have_text("1")
    backs(picker).first.click()
    confirm.click()
    picker.expect_said("The session 'talk' does not have that answer any more; nothing was cut")
    expect(backs(picker)).to_have_count(1)
    backs(picker).first.click()
    picker.expect_said("Resumed talk")


@pytest.mark.slow
def test_how_it_looks(front_end: Open, home: Path) -> None:
    """The button, what it asks, and the conversation in the notebook, in both themes."""
    code = "Yes:\n\n```python\nx = 1  # one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    turns = [prompt("Is **this** it?"), answer(code), prompt("And this?"), answer("No.")]
    write_session(home, "talk", start(), *turns)
    notebook = front_end("%load_ext copilot_magics\n%copilot_history talk", PICK)
    notebook.resize(1200, 1400)
    history = notebook.cell(0).run().output
    expect(history.locator("table")).to_be_visible()
    expect(history.get_by_text("turn 2 ·")).to_be_visible()
    picker = PickerView(notebook.cell(1).run().output.locator(".copilot-picker"))
    picker.choose("talk")
    expect(backs(picker)).to_have_count(2)
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.change_theme(theme)
        assert notebook.violations(".copilot-picker") == []
        notebook.screenshot(f"rewind-{theme.split()[1].lower()}")
        backs(picker).first.click()
        expect(picker.dialog).to_contain_text("1 prompt with its answers, from “And this?” on.")
        assert picker.dialog.evaluate("box => box.scrollWidth <= box.clientWidth")
        assert notebook.violations(".copilot-picker") == []
        picker.dialog.screenshot(path=ARTIFACTS / f"rewind-asked-{theme.split()[1].lower()}.png")
        picker.button("Cancel").click()
