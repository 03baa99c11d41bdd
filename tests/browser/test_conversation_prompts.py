"""Permissions and questions: asked in the running cell, answered by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.front_end import CellView, FrontEnd
from browser.prompts import ask, bash, tool
from browser.saved import assert_no_placeholder, assert_same_when_reopened

Open = Callable[..., FrontEnd]

ALLOW, DENY = "Allow once", "Deny"


def test_permissions_are_given_and_refused(front_end: Open, tmp_path: Path) -> None:
    work = tmp_path / "work"
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session asks")

    cell = asked(
        notebook, bash("touch 'made it' && echo '<b>hi</b>'"), "touch 'made it' && echo '<b>hi</b>'"
    )
    cell.button(ALLOW).click()
    ended(notebook, cell, "Allowed once")
    assert (work / "made it").exists()

    cell = asked(notebook, bash("touch refused"), "touch refused")
    cell.button(DENY).click()
    ended(notebook, cell, "Denied")
    assert not (work / "refused").exists()

    file = str(work / "new.txt")
    cell = asked(notebook, tool("create", path=file, file_text="first\nsecond\n"), "+second")
    # From the cell below: out of its editor, and back to the last thing that can be pressed.
    for key in ("Escape", "Shift+Tab"):
        notebook.page.keyboard.press(key)
    expect(cell.button(DENY)).to_be_focused()
    for key in ("Shift+Tab", "Shift+Tab"):
        notebook.page.keyboard.press(key)
    expect(cell.button(ALLOW)).to_be_focused()
    notebook.page.keyboard.press("Enter")
    ended(notebook, cell, "Allowed once")
    assert (work / "new.txt").read_text() == "first\nsecond\n"

    cell = asked(notebook, bash("touch refused"), "touch refused")
    for key in ("Escape", "Shift+Tab", "Space"):
        notebook.page.keyboard.press(key)
    ended(notebook, cell, "Denied")
    assert not (work / "refused").exists()
    assert_same_when_reopened(notebook)


@pytest.mark.slow
def test_questions_are_answered(front_end: Open) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session asks")
    question = ask("Which <i>colour</i>?", "red", "blue")

    cell = notebook.run(question, wait=False)
    expect(cell.output).to_contain_text("Which <i>colour</i>?")
    cell.button("blue").click()
    ended(notebook, cell, "Which <i>colour</i>? — blue")

    cell = notebook.run(question, wait=False)
    cell.output.get_by_placeholder("Your answer").fill("green & <b>bold</b>")
    cell.button("Answer").click()
    ended(notebook, cell, "Which <i>colour</i>? — green & <b>bold</b>")
    assert_same_when_reopened(notebook)


def asked(notebook: FrontEnd, code: str, shown: str) -> CellView:
    """Run a cell until it asks."""
    cell = notebook.run(code, wait=False)
    expect(cell.button(DENY)).to_be_visible()
    expect(cell.output).to_contain_text(shown)
    expect(cell.prompt).to_have_text("[*]:")
    return cell


def ended(notebook: FrontEnd, cell: CellView, decision: str) -> None:
    """Wait for the end of a cell: the decision is one line of it, and nothing can be clicked."""
    expect(cell.finished().output).to_contain_text(decision)
    expect(cell.output.get_by_role("button")).to_have_count(0)
    expect(cell.output.get_by_role("textbox")).to_have_count(0)
    assert_no_placeholder(notebook)
