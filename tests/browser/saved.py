"""What a notebook shows once it was saved and its kernel is gone."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.front_end import FrontEnd

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def assert_same_when_reopened(notebook: FrontEnd) -> None:
    """Save, end the kernel, reload: every output is there, and none is a widget."""
    outputs = notebook.panel.locator(".jp-Cell-outputArea")
    before = outputs.all_text_contents()
    assert any(before)
    saved = [output for cell in notebook.save().cells for output in cell.get("outputs", [])]
    assert not [output for output in saved if _WIDGET_VIEW in output.get("data", {})]
    notebook.reopen()
    expect(outputs).to_have_text(before)
    assert_no_placeholder(notebook)


def assert_no_placeholder(notebook: FrontEnd) -> None:
    """Nothing is a widget, or stands where one was."""
    expect(notebook.panel.locator(".jupyter-widgets")).to_have_count(0)
    for words in ("Loading widget", "Error displaying widget", "Error creating widget"):
        expect(notebook.panel.get_by_text(words)).to_have_count(0)
