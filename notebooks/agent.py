"""Run agent.ipynb as a reader does, with a model whose answers are written here.

Usage: PYTHONPATH=tests python notebooks/agent.py

The kernel, the runtime, the tools and their results are real, and so is what the notebook shows;
the notebook is written with it. The model is the tests' scripted one; whoever reads sits before it
and clicks ``Allow once`` whenever the agent asks.
"""

from __future__ import annotations

import json
import os
import re
from collections import UserDict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from cells import Cell
from homes import make_home
from kernels import Notebook, Widget
from scripted import ScriptedServer

from copilot_magics.runtime.locate import find_runtime

NOTEBOOK = Path(__file__).resolve().with_name("agent.ipynb")
ALLOW = "Allow once"

GREW = """\
since = stocks.dropna(how="all").loc["2010":].dropna(axis="columns")
(since.iloc[-1] / since.iloc[0]).sort_values(ascending=False).round(1)"""

WORST = """\
falls = stocks.dropna(how="all").pct_change(fill_method=None)
pd.DataFrame({"month": falls.idxmin().dt.strftime("%Y-%m"), "fall": falls.min().round(2)})"""

DRAWN = """\
shown = stocks.loc["2010":, ["AAPL", "MSFT"]].dropna(how="all")
axes = shown.plot(figsize=(6, 3), logy=True, ylabel="price in dollars")"""

MENDED = """\
by_year = {}
for day, price in stocks["AAPL"].dropna().items():
    by_year.setdefault(day.year, []).append(price)
{year: round(max(prices), 2) for year, prices in by_year.items() if year >= 2019}"""

SHARES = [
    {"ticker": "IBM", "company": "International Business Machines", "founded": 1911},
    {"ticker": "AAPL", "company": "Apple", "founded": 1976},
    {"ticker": "MSFT", "company": "Microsoft", "founded": 1975},
]


def call(tool: str, **arguments: str) -> str:
    """Return the directive for a call of a tool."""
    return f"tool {tool} {json.dumps(arguments)}"


def say(text: str) -> str:
    """Return the directive for an answer."""
    return "say: " + text.replace("\n", "\\n")


def code(text: str) -> str:
    """Return Python as an answer has it."""
    return f"```python\n{text}\n```"


ANSWERS = {
    "What should I know about @stocks": [
        say(
            "It holds prices of eight shares and two indices, 1990 to 2022, in 524 rows. Two "
            "things to look out for:\n\n"
            "- 133 values are missing in the columns that go back to 1990. If these are whole "
            "rows, drop them with `stocks.dropna(how='all')`.\n"
            "- `AMZN`, `GOOGL` and `DELL` miss more: they are younger."
        )
    ],
    "Which of my variables": [
        say("One: `stocks`, a DataFrame with 524 rows and ten columns. Nothing is computed yet.")
    ],
    "Which of them has grown most": [
        call("notebook_run", code=GREW),
        say("Apple: its price is 23 times what it was. I dropped the empty rows first."),
    ],
    "How deep did IBM": [
        call("drawdown", ticker="IBM"),
        call("drawdown", ticker="AMZN"),
        say(
            "IBM lost 63 %, from February 1991 to September 1993. Amazon lost 93 %, from March "
            "1999 to September 2001."
        ),
    ],
    "Draw Apple and Microsoft": [
        say(f"On a logarithmic axis, equal steps are equal factors.\n\n{code(DRAWN)}")
    ],
    "What does the picture in @last": [
        say("Two prices on a logarithmic axis. Since 2010, Apple grew 23-fold, Microsoft 12-fold.")
    ],
    "Which companies are": [say(json.dumps(SHARES))],
    "What is wrong here": [
        say("The index holds timestamps, which have no positions: take `day.year`, not `day[:4]`.")
    ],
    "Mend it": [say(f"`day` is a timestamp, so its year is `day.year`.\n\n{code(MENDED)}")],
    "worst month": [
        call("notebook_run", code=WORST),
        say("Apple fell furthest: by 58 % in September 2000. `falls` holds every month."),
    ],
    "Say it in German": [say("Apple fiel am tiefsten: um 58 % im September 2000.")],
    "Say it in one word": [say("Apple.")],
}


class Answers(UserDict[str, str]):
    """What stands in a prompt decides: with it comes what was sent along."""

    def get(self, prompt: str, default: Any = None) -> Any:
        """Return the directives for a prompt."""
        return next((self[words] for words in self if words in prompt), default)


def answers() -> Answers:
    """Return the directives for each prompt."""
    return Answers({words: "\n".join(steps) for words, steps in ANSWERS.items()})


def read() -> Any:
    """Return the notebook as it is kept."""
    return nbformat.read(NOTEBOOK, as_version=4)


def run(book: Any, kernel: Notebook) -> None:
    """Run every cell, and put what it shows into the notebook.

    Parameters
    ----------
    book : NotebookNode
        The notebook.
    kernel : Notebook
        A kernel that finds the scripted model.
    """
    ran: list[tuple[Any, Cell]] = []
    for cell in book.cells:
        if cell.cell_type == "code":
            done = kernel.start(cell.source, cell_id=cell.id)
            allow_until(kernel, done)
            failed = "raises-exception" in cell.metadata.get("tags", [])
            assert done.status == ("error" if failed else "ok"), done.text
            cell.execution_count = len(ran) + 1
            ran.append((cell, done))
    for cell, done in ran:
        # A question that was answered leaves an empty output in its place.
        shown = [one for one in done.outputs if one.get("data") != {"text/plain": ""}]
        cell.outputs = [nbformat.from_dict(plain(output)) for output in shown]


def allow_until(kernel: Notebook, cell: Cell) -> None:
    """Allow what is asked until the cell has ended."""
    clicked: set[str] = set()

    def asked() -> Widget | None:
        button = kernel.find_widget(ALLOW)
        return button if button and button.id not in clicked else None

    while True:
        kernel.wait(lambda: cell.done or asked(), what="the cell's end")
        button = asked()
        if button is None:
            return
        clicked.add(button.id)
        button.click()


def plain(output: Any) -> Any:
    """Return an output without a terminal's colours."""
    if output["output_type"] == "error":
        trace = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in output["traceback"]]
        return {**output, "traceback": trace}
    return output


def main() -> None:
    """Run it, and keep it with what it shows."""
    book = read()
    with TemporaryDirectory() as folder, ScriptedServer(answers=answers()) as server:
        home = Path(folder)
        os.environ |= {
            **make_home(home),
            "COPILOT_CLI_PATH": str(find_runtime()),
            "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_PROVIDER_BASE_URL": server.url,
            "COPILOT_PROVIDER_API_KEY": "a-key-of-a-scripted-server",
            "COPILOT_MODEL": "scripted",
        }
        with Notebook(home / "work", NOTEBOOK.name) as kernel:
            run(book, kernel)
    nbformat.write(book, NOTEBOOK)


if __name__ == "__main__":
    main()
