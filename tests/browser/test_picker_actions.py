"""The picker's buttons: what each does to the session on disk, to the notebook and to the table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import answer, prompt, start, write_session
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd
from browser.pickers import LOAD, SHOW, PickerView
from copilot_magics.transcripts import known_ids

Open = Callable[..., FrontEnd]


def held(notebook: FrontEnd) -> PickerView:
    """Hold two conversations, ``first`` and then ``second``, and show the picker."""
    notebook.run(f"{LOAD}\n%copilot_session first")
    notebook.run("%%copilot\nsay: a **walrus** in the answer")
    notebook.run("%copilot_session --disconnect\n%copilot_session second")
    notebook.run("%%copilot\nsay: nothing of note")
    return shown(notebook)


def shown(notebook: FrontEnd, code: str = "picker = SessionPicker()\npicker") -> PickerView:
    return PickerView(notebook.run(code).output.locator(".copilot-picker"))


def test_resume_and_fork_bind_the_notebook_and_say_so(
    front_end: Open, provider: ScriptedServer
) -> None:
    notebook = front_end()
    picker = held(notebook)
    picker.expect_ids("second", "first")
    expect(picker.cell("second", "title")).to_contain_text("this notebook")
    expect(picker.cell("second", "user")).to_contain_text("notebook.ipynb")
    picker.choose("first")
    expect(picker.conversation.locator(".cm-assistant strong")).to_have_text("walrus")
    expect(picker.preview.get_by_role("heading")).to_have_text("say: a **walrus** in the answer")
    assert notebook.run("print(picker.value, picker.selected)").output.inner_text().strip() == (
        "first ['first']"
    )

    picker.button("Resume here").click()
    picker.expect_said("Resumed first")
    expect(picker.cell("first", "title")).to_contain_text("this notebook")
    expect(picker.cell("second", "title")).not_to_contain_text("this notebook")
    # In the notebook itself, below the widget, where it stays when the widget is gone.
    told = notebook.panel.locator(".jp-OutputArea-output", has_text="Resumed first")
    expect(told.last).to_contain_text("This notebook is bound to it.")
    notebook.run("%%copilot\nrecall")
    assert provider.requests[-1].prompts == ["say: a **walrus** in the answer", "recall"]

    picker.button("Fork here").click()
    picker.expect_said("Forked first.")
    expect(picker.ids).to_have_count(3)
    forked = picker.root.locator(".ag-row", has_text="(fork)")
    expect(forked).to_contain_text("this notebook")
    notebook.run("%%copilot\nrecall")
    assert provider.requests[-1].prompts == ["say: a **walrus** in the answer", "recall", "recall"]


def test_title_star_copy_export_and_delete(front_end: Open, tmp_path: Path) -> None:
    notebook = front_end(permissions=["clipboard-read", "clipboard-write"])
    picker = held(notebook)
    picker.choose("first")
    picker.button("Copy ID").click()
    picker.expect_said("Copied first.")
    assert notebook.page.evaluate("navigator.clipboard.readText()") == "first"

    picker.button("Star").click()
    picker.expect_said("Starred first.")
    picker.expect_ids("first", "second")
    expect(picker.button("Starred")).to_have_attribute("aria-pressed", "true")
    picker.cell("first", "star").get_by_role("button").click()
    picker.expect_said("Took the star from first.")
    picker.expect_ids("second", "first")

    picker.button("Edit title").click()
    field = picker.preview.get_by_role("textbox", name="Title of first")
    expect(field).to_be_focused()
    field.fill("Never mind")
    field.press("Escape")
    expect(picker.button("Edit title")).to_be_focused()
    picker.button("Edit title").click()
    field.fill("The walrus")
    field.press("Enter")
    picker.expect_said("Session first is now titled “The walrus”.")
    expect(picker.cell("first", "title")).to_have_text("The walrus")
    expect(picker.preview.get_by_role("heading")).to_have_text("The walrus")

    work = tmp_path / "work"
    for kind, file in (("Markdown", "first.md"), ("JSON lines", "first.jsonl")):
        picker.button("Export").click()
        picker.root.get_by_role("menuitem", name=kind).click()
        picker.expect_said(f"Exported to {file} in {work}.")
    assert "**walrus**" in (work / "first.md").read_text()
    assert [json.loads(line) for line in (work / "first.jsonl").read_text().splitlines()]

    picker.button("Delete…").click()
    expect(picker.dialog).to_contain_text(re.compile(r"first.*The walrus.*1 turn, \d"))
    notebook.page.keyboard.press("Escape")
    expect(picker.dialog).to_have_count(0)
    assert "first" in known_ids()
    picker.button("Delete…").click()
    picker.dialog.get_by_role("button", name=re.compile(r"^Delete 1 session \(.* kB\)$")).click()
    picker.expect_said("Deleted first (")
    picker.expect_ids("second")
    assert known_ids() == ["second"]
    picker.expect_chosen()
    assert notebook.run("print(picker.value, picker.selected)").output.inner_text().strip() == (
        "None []"
    )


@pytest.mark.slow
def test_what_is_in_use_is_not_deleted(front_end: Open) -> None:
    notebook = front_end()
    picker = held(notebook)
    picker.choose("second")
    picker.button("Delete…").click()
    expect(picker.dialog).to_contain_text("In use, so not to be deleted:")
    expect(picker.dialog).to_contain_text(re.compile(r"second.*in use by .*notebook\.ipynb"))
    expect(picker.button("Delete")).to_be_disabled()
    picker.button("Cancel").click()

    picker.choose("second", "first")
    picker.button("Delete…").click()
    expect(picker.dialog).to_contain_text("Delete 2 sessions?")
    picker.dialog.get_by_role("button", name=re.compile(r"^Delete 1 session \(")).click()
    picker.expect_said("Deleted first (")
    picker.expect_ids("second")
    assert known_ids() == ["second"]


@pytest.mark.slow
def test_several_rows_at_once(front_end: Open, home: Path, tmp_path: Path) -> None:
    for name in "abcde":
        write_session(home, name, start(), prompt(f"about {name}"), answer("yes"))
    notebook = front_end(SHOW)
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    picker.heading("ID").click()
    picker.expect_ids(*"abcde")
    picker.choose("b")
    picker.cell("d", "id").click(modifiers=["Shift"])
    picker.expect_chosen(*"bcd")
    # The notebook must not take the click for one of its own: its cells stay as they are.
    expect(notebook.panel.locator(".jp-Notebook-cell.jp-mod-multiSelected")).to_have_count(0)
    picker.cell("c", "id").click(modifiers=["Control"])
    picker.expect_chosen(*"bd")
    expect(picker.preview.get_by_role("heading")).to_have_text("2 sessions selected")
    assert notebook.run("print(sorted(picker.selected))").output.inner_text().strip() == (
        "['b', 'd']"
    )

    picker.button("Export").click()
    picker.root.get_by_role("menuitem", name="Markdown").click()
    picker.expect_said("Exported to b.md, d.md in")
    assert "about d" in (tmp_path / "work" / "d.md").read_text()

    picker.button("Delete…").click()
    expect(picker.dialog.get_by_role("listitem")).to_have_count(2)
    picker.dialog.get_by_role("button", name=re.compile(r"^Delete 2 sessions \(")).click()
    picker.expect_said("Deleted 2 sessions (")
    picker.expect_ids(*"ace")
    picker.expect_chosen()


@pytest.mark.slow
def test_clean_up_deletes_what_is_ticked(front_end: Open, home: Path) -> None:
    write_session(home, "empty", start())
    write_session(home, "abandoned", start(), prompt("hello?"))
    for name in ("old", "older"):
        write_session(home, name, start(), prompt("hello"), answer("yes"))
    notebook = front_end(SHOW)
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    picker.button("Clean up…").click()
    box = picker.dialog.get_by_role("checkbox")
    # One of a group for each of its sessions, and one for the group.
    expect(box).to_have_count(4)
    empty, abandoned = (picker.dialog.get_by_label(name) for name in ("Empty:", "Abandoned:"))
    expect(empty).to_be_checked()
    expect(abandoned).not_to_be_checked()
    confirm = picker.dialog.get_by_role("button", name=re.compile("^Delete"))
    expect(confirm).to_have_text(re.compile(r"^Delete 1 session \(.*B\)$"))

    field = picker.dialog.get_by_role("textbox")
    field.fill("soon")
    field.press("Enter")
    expect(picker.dialog).to_contain_text("Write the age as a number and m, h, d or w")
    expect(confirm).to_be_disabled()
    field.fill("0m")
    field.press("Enter")
    old = picker.dialog.get_by_label("Old:")
    expect(old).not_to_be_checked()
    old.check()
    expect(confirm).to_have_text(re.compile(r"^Delete 3 sessions \("))
    picker.dialog.get_by_role("checkbox", name="older").uncheck()
    expect(old).to_have_js_property("indeterminate", True)
    expect(confirm).to_have_text(re.compile(r"^Delete 2 sessions \("))
    confirm.click()
    picker.expect_said("Deleted 2 sessions (")
    expect(picker.ids).to_have_count(2)
    assert sorted(known_ids()) == ["abandoned", "older"]
