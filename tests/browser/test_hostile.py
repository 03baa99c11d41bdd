"""Text that would act if it could, wherever text is shown: nothing of it acts.

Each piece of `hostile.MARKDOWN` plants a marker in the page when it runs. A raw piece at the end
plants it too, which shows that it could have run, and that the page has had the time for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile import HIT, MARKDOWN
from playwright.sync_api import Request, expect

from browser.front_end import FrontEnd
from browser.prompts import ask, bash, tool

Open = Callable[..., FrontEnd]

IMAGE = f"<img src=x onerror='{HIT}'>"
NAME = f"<img src=x onerror={HIT}>\u202egnp [a](javascript:{HIT}) $\\href{{javascript:{HIT}}}{{b}}$"
"""A hostile name for a file, a title: without a slash and without quotes."""
WORD = "W" * 10_000

SAY_ALL = """import json
for piece in json.load(open("pieces.json")):
    print(len(piece))
    get_ipython().run_cell_magic("copilot", "", "say: " + piece.replace("\\n", r"\\n"))"""
SHOW_ALL = """from IPython.display import display
from copilot_magics import Session, get_messages, list_sessions
import pandas as pd
with pd.option_context("display.max_colwidth", None):
    display(get_messages("*")[["content", "data"]].tail(40))
display(list_sessions(), Session("hostile"))
print(list_sessions(), Session("hostile"))
get_messages()"""
RAW = f'from IPython.display import Markdown\nMarkdown("{IMAGE}![](http://127.0.0.1:9/leak)")'

# Nothing of these is ever drawn by us.
ACTING = "script, iframe, object, embed, form, svg, [onerror], [onload], [onmouseover]"
OUTPUT = ".jp-Cell-outputArea .jp-OutputArea-output"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lab", "notebook"])
def test_nothing_acts_where_it_is_shown(front_end: Open, tmp_path: Path, kind: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "pieces.json").write_text(json.dumps(MARKDOWN))
    (work / "hostile.txt").write_text("\n".join(MARKDOWN))
    (work / NAME).write_text("x")
    notebook = front_end(kind=kind)
    leaks: list[str] = []
    notebook.page.on("request", lambda request: leaks.extend(outside(request)))
    notebook.page.context.on("page", lambda page: page.close())
    notebook.run("%load_ext copilot_magics\n%copilot_session hostile --permissions allow-all")

    notebook.run(SAY_ALL)
    expect(notebook.run(f"%%copilot\n{NAME}\n\n{WORD}").output).to_contain_text("You said: <img")
    read = notebook.run(bash("cat hostile.txt"))
    for summary in read.output.locator("summary").all():
        summary.click()
    expect(read.output.locator("details").first).to_contain_text("<svg/onload")
    notebook.run(
        f"title = {NAME!r}\nget_ipython().run_line_magic('copilot_sessions', "
        'f"--title hostile {title!r}")'
    )
    notebook.run("%copilot_session")
    notebook.run("%copilot_sessions --list")
    notebook.run("%%copilot --attach '<img*'\nsay: attached")
    notebook.run(SHOW_ALL)

    notebook.run("%copilot_session asked --permissions ask")
    streaming(notebook)
    for code, answer in (
        (tool("create", path=str(work / f"new {NAME}"), file_text="\n".join(MARKDOWN)), "Deny"),
        (bash(f"touch {IMAGE}"), "Deny"),
        (ask(IMAGE, f"{IMAGE}{WORD}", "other"), "other"),
    ):
        cell = notebook.run(code, wait=False)
        expect(cell.button(answer)).to_be_visible()
        assert_inert(notebook, leaks)
        cell.button(answer).click()
        cell.finished()

    assert_inert(notebook, leaks)
    press_links(notebook)
    assert_inert(notebook, leaks)
    notebook.save()
    notebook.reopen()
    assert_inert(notebook, leaks)
    press_links(notebook)
    assert_inert(notebook, leaks)

    notebook.run(RAW)
    notebook.page.wait_for_function("window.__hit === 1")
    assert any("leak" in url for url in leaks)


def streaming(notebook: FrontEnd) -> None:
    """Show hostile text of an answer that has not ended, and stop it."""
    text = "\\n".join(MARKDOWN[:12]).replace("\n", "\\n")
    cell = notebook.run(f"%%copilot\nsilent after: {text}", wait=False)
    expect(cell.output).to_contain_text("<svg/onload")
    expect(cell.output).to_contain_text("answering")
    notebook.interrupt()
    cell.finished()


def outside(request: Request) -> list[str]:
    return [request.url] if "127.0.0.1:9/" in request.url else []


def assert_inert(notebook: FrontEnd, leaks: list[str]) -> None:
    """Nothing ran, nothing that could run is in the page, and no word made it wider."""
    page = notebook.page
    for cell in range(notebook.cells.count()):
        notebook.cells.nth(cell).scroll_into_view_if_needed()
    assert page.evaluate("window.__hit") is None
    assert leaks == []
    assert page.locator(OUTPUT).locator(ACTING).count() == 0
    targets = page.locator(f"{OUTPUT} a").evaluate_all("links => links.map(link => link.href)")
    assert not [
        target for target in targets if not target.startswith(("http", "mailto:")) and target
    ]
    wide = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll(".jp-WindowedPanel-outer")]
            .map(area => area.scrollWidth - area.clientWidth)"""
    )
    assert max(wide) <= 0, wide


def press_links(notebook: FrontEnd) -> None:
    """Rest the mouse on every link in the outputs, and click those that leave the notebook."""
    for link in notebook.page.locator(f"{OUTPUT} a:visible").all():
        link.hover()
        if link.get_attribute("target") == "_blank":
            link.click()
