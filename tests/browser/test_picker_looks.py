"""How the picker looks: at any width, in any theme, to anybody, whatever the text in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from journals import answer, event, prompt, start, write_session
from playwright.sync_api import expect

from browser.front_end import ARTIFACTS, FrontEnd
from browser.pickers import LOAD, PickerView

Open = Callable[..., FrontEnd]

WIDTHS = (480, 820, 1600)
IN_A_BOX = f"""{LOAD}
from ipywidgets import VBox
box = VBox([SessionPicker(height=560)], layout={{"width": "480px"}})
box"""

# What of the picker's controls lies outside of it, or on another one, however little.
MISPLACED = """root => {
    const outer = root.getBoundingClientRect();
    const seen = [...root.querySelectorAll(
        ".cp-head :is(input, button, select, .cp-count), .cp-top > *, .cp-actions button"
    )].filter(control => control.checkVisibility());
    const boxes = seen.map(control => control.getBoundingClientRect());
    const wrong = seen.filter((control, i) => {
        const box = boxes[i];
        return box.left < outer.left || box.right > outer.right || box.top < outer.top
            || box.bottom > outer.bottom;
    });
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b, j) => {
        const apart = a.right <= b.left + 1 || b.right <= a.left + 1
            || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
        const joined = seen[i].parentElement === seen[i + j + 1].parentElement
            && seen[i + j + 1].matches(".cp-ages");
        if (!apart && !joined) wrong.push(seen[i]);
    }));
    if (root.scrollWidth > root.clientWidth) wrong.push(root);
    return wrong.map(control => control.outerHTML);
}"""

HOSTILE = (
    "<script>window.hostile = true</script>"
    "<img src=x onerror='window.hostile = true'>"
    '"><svg onload="window.hostile = true">'
    "[link](javascript:window.hostile=true) \u202egnp.exe\u2066 \x1b[31mred </div></table>"
)
LONG = "W" * 10_000


def many(home: Path) -> None:
    """Write sessions of all kinds."""
    for number in range(30):
        lines = [prompt(f"Question {number}"), answer("**Yes**:\n\n```python\nx = 1  # one\n```")]
        write_session(home, f"session-{number}", start(), *lines * (number % 5 + 1))
    write_session(home, "a-name-of-a-session-that-is-rather-long", start(), prompt("p"), b"torn")


def in_a_box(notebook: FrontEnd) -> PickerView:
    notebook.resize(2100, 1000)
    return PickerView(notebook.cell(0).run().output.locator(".copilot-picker"))


def resize(picker: PickerView, notebook: FrontEnd, width: int) -> None:
    notebook.run(f'box.layout.width = "{width}px"')
    expect(picker.root).to_have_js_property("offsetWidth", width)


def keep(picker: PickerView, name: str) -> None:
    """Keep a picture of the picker."""
    picker.root.screenshot(path=ARTIFACTS / f"picker-{name}.png")


@pytest.mark.slow
def test_every_width_and_both_themes(front_end: Open, home: Path) -> None:
    many(home)
    notebook = front_end(IN_A_BOX)
    picker = in_a_box(notebook)
    picker.choose("session-29")
    expect(picker.conversation.locator(".cm-user").last).to_be_visible()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.change_theme(theme)
        for width in WIDTHS:
            resize(picker, notebook, width)
            assert picker.root.evaluate(MISPLACED) == []
            keep(picker, f"{theme.split()[1].lower()}-{width}")
        assert notebook.violations(".copilot-picker") == []
        # The picker's colours are the theme's.
        light = picker.root.evaluate("root => getComputedStyle(root).colorScheme")
        assert light == theme.split()[1].lower()


@pytest.mark.slow
def test_contrast_of_what_opens(front_end: Open, home: Path) -> None:
    many(home)
    notebook = front_end(IN_A_BOX)
    picker = in_a_box(notebook)
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.change_theme(theme)
        picker.search.fill("Yes")
        expect(picker.root.locator(".cp-hit").first).to_be_visible()
        picker.choose("session-29")
        picker.button("This folder").click()
        picker.button("Export").click()
        assert notebook.violations(".copilot-picker") == []
        notebook.page.keyboard.press("Escape")
        picker.button("Show all").click()
        picker.choose("session-29", "session-28")
        picker.button("Delete…").click()
        assert notebook.violations(".copilot-picker") == []
        picker.button("Cancel").click()
        picker.button("Clean up…").click()
        expect(picker.dialog.get_by_label("Abandoned:")).to_be_visible()
        assert notebook.violations(".copilot-picker") == []
        picker.button("Cancel").click()


@pytest.mark.parametrize(
    "text",
    [pytest.param(HOSTILE, id="hostile"), pytest.param(LONG, id="long", marks=pytest.mark.slow)],
)
def test_text_is_only_text(front_end: Open, home: Path, text: str) -> None:
    write_session(
        home,
        "x",
        start(context={"cwd": f"/tmp/{text}"}, selectedModel=text),
        prompt(text),
        event(
            "tool.execution_start", {"toolCallId": "1", "toolName": text, "arguments": {"a": text}}
        ),
        event(
            "tool.execution_complete",
            {"toolCallId": "1", "success": True, "result": {"content": text}},
        ),
        answer(text, agentId=None),
        workspace=f"name: {text!r}\nuser_named: true\n" if text is LONG else None,
    )
    notebook = front_end(IN_A_BOX)
    picker = in_a_box(notebook)
    picker.choose("x")
    expect(picker.conversation.locator(".cm-tool")).to_have_count(1)
    picker.conversation.locator("summary").first.click()
    picker.search.fill(text[:12])
    expect(picker.root.locator(".cp-hit mark")).to_have_text(text[:12])
    for width in WIDTHS:
        resize(picker, notebook, width)
        assert picker.root.evaluate(MISPLACED) == []
        assert picker.conversation.evaluate("pane => pane.scrollWidth <= pane.clientWidth")
    keep(picker, "long" if text is LONG else "hostile")
    picker.button("Delete…").click()
    expect(picker.dialog).to_contain_text(text[:12])
    assert picker.dialog.evaluate("box => box.scrollWidth <= box.clientWidth")
    picker.button("Cancel").click()
    picker.button("Edit title").click()
    expect(picker.preview.get_by_role("textbox")).to_be_focused()
    assert picker.root.locator("script, img, a[href^='javascript']").count() == 0
    assert picker.root.evaluate("root => root.textContent.includes('\\u202e')") is False
    assert notebook.page.evaluate("window.hostile") is None
