"""What Markdown looks like, and that everything can be read in the light and the dark theme."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.front_end import FrontEnd, Theme
from browser.prompts import ask, bash, say

Open = Callable[..., FrontEnd]

THEMES: tuple[Theme, ...] = ("JupyterLab Light", "JupyterLab Dark")

RICH = (
    "# A heading",
    "| column | missing |",
    "| --- | --- |",
    "| age | 12 |",
    "",
    "- one",
    "- two",
    "",
    # Without a comment: JupyterLab's own colour for those is too dim in its dark theme.
    "```python",
    "def churn(rate: float) -> float:",
    "    return 1 - rate",
    "```",
    "",
    r"The mean is $\bar{x} = \frac{1}{n}\sum x_i$, says [the page](https://example.org/mean).",
)
WIDE = ("", "wide" * 2500, "", "```text", "long line " * 200, "```")

# A wide output may be scrolled sideways itself; the cell and the page around it stay as they are.
_TOO_WIDE = """panel => [...panel.querySelectorAll(".jp-WindowedPanel-outer, .jp-Cell")]
    .filter(box => box.scrollWidth > box.clientWidth + 1)
    .map(box => `${box.className}: ${box.scrollWidth} > ${box.clientWidth}`)"""


@pytest.mark.slow
def test_markdown(front_end: Open) -> None:
    notebook = front_end()
    notebook.run("%load_ext copilot_magics\n%copilot_session rich")
    output = notebook.run(say(*RICH, *WIDE)).output
    expect(output.get_by_role("heading", name="A heading")).to_be_visible()
    expect(output.get_by_role("cell", name="age")).to_be_visible()
    expect(output.get_by_role("listitem")).to_have_text(["one", "two"])
    expect(output.locator("mjx-container")).to_be_visible()
    link = output.get_by_role("link", name="the page")
    expect(link).to_have_attribute("href", "https://example.org/mean")
    colours = output.locator("pre").first.evaluate(
        "pre => [...pre.querySelectorAll('span')].map(span => getComputedStyle(span).color)"
    )
    assert len(set(colours)) > 2, "the code is not highlighted"
    notebook.hide_sidebar()
    for width in (1280, 480):
        notebook.resize(width)
        assert notebook.panel.evaluate(_TOO_WIDE) == []
        notebook.screenshot(f"test_conversation_looks.test_markdown.{width}")


@pytest.mark.slow
def test_themes(front_end: Open) -> None:
    notebook = front_end(viewport={"width": 1280, "height": 1400})
    notebook.run("%load_ext copilot_magics\n%copilot_session themes")
    notebook.run(say(*RICH))
    notebook.run("%%copilot\nhttp 400")
    for prompt in (bash("touch made"), ask("Which colour?", "red", "blue")):
        cell = notebook.run(prompt, wait=False)
        expect(cell.output.get_by_role("button").last).to_be_in_viewport()
        for theme in THEMES:
            notebook.change_theme(theme)
            unreadable = notebook.violations(".jp-Notebook .jp-Cell-outputArea", "color-contrast")
            assert unreadable == [], theme
            notebook.screenshot(f"test_conversation_looks.test_themes.{theme.split()[-1]}")
        notebook.interrupt()
        cell.finished()
