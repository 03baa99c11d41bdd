"""Take the pictures of the README and the notebooks anew: `make screenshots`.

A real JupyterLab in a real browser, the real runtime, and answers that are scripted. What is shown
is made up; who is seen to use it is nobody.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

from browser.chromium import running_chromium
from browser.front_end import FrontEnd, write_notebook
from browser.serving import Jupyter
from journals import answer, prompt, start, write_session
from playwright.sync_api import Browser, expect
from scripted import ScriptedServer

from copilot_magics.runtime.locate import find_runtime

HERE = Path(__file__).resolve().parent
MISSING = """\
Two columns of `churn.csv` have missing values:

| column | missing | share |
|---|---:|---:|
| `age` | 12 | 1.2 % |
| `income` | 71 | 7.1 % |

```python
df = pd.read_csv("churn.csv")
df["income"] = df["income"].fillna(df["income"].median())
```

The median is robust against the long tail of `income`."""
CHECK = "python -c \"import pandas as pd; print(pd.read_csv('churn.csv').isna().sum())\""
ANSWERS = {
    "Which columns of churn.csv have missing values?": "say: " + MISSING.replace("\n", "\\n"),
    "Check that with pandas.": f"tool bash {json.dumps({'command': CHECK})}",
}
TALKS = {
    "alice-churn-model": ("Which model for churn?", ["Compare a forest and boosting."], "gpt-5", 3),
    "weekly-report": ("", ["Summarise this week's numbers in five points."], "claude-5", 26),
    "bob-plots": ("Figures of the paper", ["Draw survival curves by plan."], "gpt-5", 50),
    "carol-sql": ("", ["Why does this join return twice the rows?"], "gpt-5-mini", 170),
    "dave-regex": ("", ["A pattern for ISO dates, please."], "gpt-5-mini", 400),
    "erin-dask": (
        "Moving the pipeline to Dask",
        ["What breaks if I switch to Dask?"],
        "gpt-5",
        900,
    ),
}


def main() -> None:
    """Take all of them."""
    with (
        tempfile.TemporaryDirectory(prefix="alice-") as name,
        ScriptedServer(answers=ANSWERS) as server,
    ):
        root = Path(name)
        with Jupyter(root, root / "state") as jupyter, running_chromium() as browser:
            take_conversation(browser, jupyter, server)
            take_picker(browser, jupyter, server)


def opened(
    browser: Browser, jupyter: Jupyter, server: ScriptedServer, name: str, width: int
) -> FrontEnd:
    """Open a notebook called ``churn.ipynb`` in a home and a folder of its own."""
    folder = jupyter.root / name
    jupyter.use_environment(
        {
            "COPILOT_HOME": str(folder / "home"),
            "COPILOT_CLI_PATH": str(find_runtime()),
            "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_PROVIDER_BASE_URL": server.url,
            "COPILOT_PROVIDER_API_KEY": "a-key-of-a-scripted-server",
            "COPILOT_MODEL": "scripted",
        }
    )
    write_notebook(folder / "churn.ipynb")
    page = browser.new_context(viewport={"width": width, "height": 1000}).new_page()
    front_end = FrontEnd(page, jupyter, folder / "churn.ipynb").open()
    # The file browser would only take room.
    page.evaluate("jupyterapp.shell.collapseLeft()")
    return front_end


def take_conversation(browser: Browser, jupyter: Jupyter, server: ScriptedServer) -> None:
    """An answered prompt, and one whose agent asks before it runs a command."""
    front_end = opened(browser, jupyter, server, "conversation", 860)
    front_end.run("%load_ext copilot_magics\n%copilot_session alice-churn")
    front_end.run("%%copilot\nWhich columns of churn.csv have missing values?")
    asking = front_end.run("%%copilot\nCheck that with pandas.", wait=False)
    expect(asking.button("Deny")).to_be_visible()
    top, bottom = (front_end.cell(number).root.bounding_box() for number in (0, 2))
    assert top is not None
    assert bottom is not None
    height = bottom["y"] + bottom["height"] - top["y"]
    front_end.page.screenshot(path=HERE / "screenshot.png", clip={**top, "height": height})
    asking.button("Deny").click()
    asking.finished()


def take_picker(browser: Browser, jupyter: Jupyter, server: ScriptedServer) -> None:
    """The picker, with a session selected."""
    home = jupyter.root / "picker" / "home"
    for session, (title, prompts, model, hours) in TALKS.items():
        lines = [start(selectedModel=model, context={"cwd": "/home/alice/churn"})]
        for asked in prompts:
            lines += [prompt(asked), answer("Done.")]
        workspace = f"name: {title or session}\nuser_named: {str(bool(title)).lower()}\n"
        folder = write_session(home, session, *lines, workspace=workspace)
        moment = time.time() - hours * 3600
        os.utime(folder / "events.jsonl", (moment, moment))
    front_end = opened(browser, jupyter, server, "picker", 1180)
    front_end.run("%load_ext copilot_magics\n%copilot_session alice-churn")
    front_end.run("%%copilot\nWhich columns of churn.csv have missing values?")
    front_end.run('SessionPicker(height="560px")')
    picker = front_end.page.locator(".copilot-picker")
    picker.get_by_text("alice-churn", exact=True).first.click()
    expect(picker.get_by_text("missing values:")).to_be_visible()
    picker.screenshot(path=HERE / "picker.png")


if __name__ == "__main__":
    main()
