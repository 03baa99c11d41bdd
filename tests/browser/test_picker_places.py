"""Where a picker can be: in layouts, twice, after a reload, in Voilà, with nothing to show."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from journals import answer, prompt, start, write_session
from playwright.sync_api import Browser, expect

from browser.front_end import ARTIFACTS, FrontEnd, write_notebook
from browser.pickers import LOAD, SHOW, PickerView
from browser.serving import Jupyter

Open = Callable[..., FrontEnd]


def sessions(home: Path, *names: str) -> None:
    for name in names:
        write_session(home, name, start(), prompt(f"about {name}"), answer(f"so much for {name}"))


def test_empty_then_a_session_then_unreadable(front_end: Open, home: Path) -> None:
    notebook = front_end(SHOW)
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    expect(picker.root).to_contain_text("There are no sessions yet.")
    expect(picker.root).to_contain_text("%copilot_session NAME creates one")
    expect(picker.search).to_be_hidden()
    sessions(home, "a")
    picker.expect_ids("a")
    expect(picker.search).to_be_visible()
    state = home / "session-state"
    state.rename(home / "elsewhere")
    state.write_text("not a folder")
    expect(picker.root).to_contain_text(f"{state} cannot be read: Not a directory.")
    expect(picker.root).to_contain_text("COPILOT_HOME")
    expect(picker.search).to_be_hidden()
    state.unlink()
    (home / "elsewhere").rename(state)
    picker.expect_ids("a")


@pytest.mark.slow
def test_when_its_kernel_is_gone_it_says_so_and_offers_nothing(front_end: Open, home: Path) -> None:
    sessions(home, "a")
    notebook = front_end(SHOW)
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    picker.choose("a")
    notebook.restart()
    notice = picker.root.locator(".cp-notice")
    expect(notice).to_have_text("The kernel has ended or restarted. Run this cell again to go on.")
    for part in (".cp-head", ".cp-table", ".cp-preview"):
        expect(picker.root.locator(part)).to_have_js_property("inert", True)
    again = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    expect(again.root.locator(".cp-notice")).to_be_hidden()
    again.choose("a")


@pytest.mark.slow
def test_without_the_runtime_it_shows_and_says_what_to_do(
    front_end: Open, kernels: Jupyter, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions(home, "a")
    own = {k: v for k, v in os.environ.items() if k.startswith(("COPILOT_", "HOME", "XDG_"))}
    kernels.use_environment({**own, "COPILOT_CLI_PATH": "/nowhere/copilot", "PATH": "/nowhere"})
    notebook = front_end(SHOW)
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    expect(picker.root.locator(".cp-notice")).to_contain_text("/nowhere/copilot")
    picker.choose("a")
    expect(picker.conversation).to_contain_text("so much for a")
    picker.button("Resume here").click()
    expect(picker.status).to_have_class("cp-status cp-error")
    picker.expect_said("/nowhere/copilot")


@pytest.mark.slow
def test_views_of_one_picker_agree(front_end: Open, home: Path) -> None:
    sessions(home, "a", "b", "c")
    notebook = front_end(
        f"{LOAD}\nfrom ipywidgets import HTML, Tab, VBox\npicker = SessionPicker(height=420)\n"
        "tabs = Tab([HTML('first'), picker], titles=['one', 'two'])\nVBox([tabs])",
        "picker",
    )
    notebook.resize(1500, 1400)
    output = notebook.cell(0).run().output
    other = PickerView(notebook.cell(1).run().output.locator(".copilot-picker"))
    expect(other.ids).to_have_count(3)
    assert other.root.evaluate("root => root.offsetHeight") == 420
    # It is made in a hidden tab, and fills it once it is shown.
    output.get_by_text("two", exact=True).click()
    picker = PickerView(output.locator(".copilot-picker"))
    expect(picker.ids).to_have_count(3)
    picker.choose("b")
    other.expect_chosen("b")
    expect(other.conversation).to_contain_text("so much for b")
    picker.search.fill("about c")
    expect(other.search).to_have_value("about c")
    other.expect_ids("c")
    other.search.press("Escape")
    expect(picker.ids).to_have_count(3)
    picker.expect_chosen("b")
    # One view goes, the other goes on.
    notebook.run("tabs.children = tabs.children[:1]")
    expect(picker.root).to_have_count(0)
    sessions(home, "d")
    expect(other.ids).to_have_count(4)


@pytest.mark.slow
def test_it_lives_on_after_the_page_is_reloaded(front_end: Open, home: Path) -> None:
    sessions(home, "a", "b")
    notebook = front_end(SHOW)
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    picker.choose("a")
    picker.search.fill("about")
    expect(picker.count).to_have_text("2 of 2 sessions")
    write_session(home, "later", start(), prompt("about later"))
    expect(picker.count).to_have_text("3 of 3 sessions")
    (home / "session-state" / "b" / "events.jsonl").unlink()
    expect(picker.count).to_have_text("2 of 2 sessions")
    notebook.save()
    notebook.reload()
    expect(picker.count).to_have_text("2 of 2 sessions")
    expect(picker.search).to_have_value("about")
    expect(picker.ids).to_have_count(2)
    picker.expect_chosen("a")
    expect(picker.conversation).to_contain_text("so much for a")


@pytest.mark.slow
def test_notebook_7(front_end: Open, home: Path) -> None:
    sessions(home, "a", "b")
    notebook = front_end(SHOW, kind="notebook")
    picker = PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))
    # The notebook moves on to a new cell, and then is at rest.
    expect(notebook.cell(1).root.locator(":focus")).to_have_count(1)
    picker.choose("a")
    expect(picker.conversation).to_contain_text("so much for a")
    cells = notebook.cells.count()
    for key in ("ArrowDown", "b", "d", "d", "/"):
        notebook.page.keyboard.press(key)
    expect(picker.search).to_be_focused()
    assert notebook.cells.count() == cells


@pytest.mark.slow
def test_voila(chromium: Browser, kernels: Jupyter, home: Path, tmp_path: Path) -> None:
    sessions(home, "a", "b")
    path = tmp_path / "work" / "app.ipynb"
    write_notebook(path, f"{LOAD}\nSessionPicker()")
    page = chromium.new_context().new_page()
    inside = path.relative_to(kernels.root).as_posix()
    page.goto(f"{kernels.url}/voila/render/{inside}?token={kernels.token}")
    picker = PickerView(page.locator(".copilot-picker"))
    picker.choose("a")
    expect(picker.conversation).to_contain_text("so much for a")
    picker.search.fill("about b")
    picker.expect_ids("b")
    page.screenshot(path=ARTIFACTS / "picker-voila.png")
    page.context.close()
