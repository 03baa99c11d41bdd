"""Functions of the user's as tools: offered, asked for, called, and what comes of them told."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

TOOLS = '''
import asyncio, math, threading
from typing import Literal
import pandas as pd
from pydantic import BaseModel

class Point(BaseModel):
    x: int
    y: float = 0.5

table = pd.DataFrame({"region": ["north", "south"], "sold": [3, 4]})

@copilot_tool
def sales(region: str, how: Literal["sum", "mean"] = "sum") -> float:
    """Return what a region sold.

    Parameters
    ----------
    region : str
        Which one.
    how : str
        What to make of the numbers.
    """
    print("looking", region)
    assert threading.current_thread() is threading.main_thread()
    return getattr(table.loc[table["region"] == region, "sold"], how)()

@copilot_tool
async def wait(point: Point, times: list[int] = ()):
    """Wait, then return it all."""
    await asyncio.sleep(0)
    return {"point": point, "times": times, "task": asyncio.current_task() is not None}

@copilot_tool
def plot(data: pd.DataFrame):
    """Plot a table."""
    import matplotlib.pyplot as plt
    data.plot(y="sold")
    return data

@copilot_tool
def fail(n: int = 0):
    return 1 / n

@copilot_tool
async def cancelled(at: float = math.nan, text: str = "\\ud800", most: int = 10**400):
    "Read caf\\udce9."
    asyncio.current_task().cancel()
    await asyncio.sleep(0)
'''


def call(tool: str, **arguments: object) -> str:
    return f"tool {tool} {json.dumps(arguments)}"


def told(provider: ScriptedServer) -> str:
    return str(provider.last.since_prompt[-1]["content"])


def offered(provider: ScriptedServer) -> dict[str, Any]:
    """Return the tools that the model was offered last, by name."""
    tools = (tool["function"] for tool in provider.last.body["tools"])
    return {tool["name"]: tool for tool in tools}


def asks(kernel: Notebook, prompt: str) -> Cell:
    cell = kernel.run(f"%%copilot\n{prompt}")
    assert cell.status == "ok", cell.text
    return cell


def test_functions_of_the_notebook_become_tools(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    kernel = notebook(tmp_path / "work")
    kernel.run("%load_ext copilot_magics\n%copilot_session own --allow tool")
    asks(kernel, "say: Before.")
    assert "sales" not in offered(provider)
    assert kernel.run(TOOLS).status == "ok"

    cell = asks(kernel, call("sales", region="south"))
    assert told(provider) == "4"
    assert cell.stdout == "looking south\n"
    sales = offered(provider)["sales"]
    assert sales["description"] == "Return what a region sold."
    assert sales["parameters"]["required"] == ["region"]
    how = sales["parameters"]["properties"]["how"]
    assert (how["enum"], how["default"]) == (["sum", "mean"], "sum")
    assert how["description"] == "What to make of the numbers."
    asks(kernel, call("sales", region="south", how="median"))
    assert told(provider) == "The arguments do not fit:\nhow: Input should be 'sum' or 'mean'"
    asks(kernel, call("sales", place="south"))
    assert "place: Extra inputs are not permitted" in told(provider)

    for code in (
        "%%copilot\n" + call("wait", point={"x": "2"}, times=[1]),
        f"get_ipython().run_cell_magic('copilot', '', {call('wait', point={'x': 2}, times=[1])!r})",
    ):
        assert kernel.run(code).status == "ok"
        answer = {"point": {"x": 2, "y": 0.5}, "times": [1], "task": True}
        assert json.loads(told(provider)) == answer

    cell = asks(kernel, call("plot", data="table"))
    assert any("image/png" in shown for shown in cell.displays)
    assert told(provider).startswith("DataFrame: 2 rows × 2 columns")
    asks(kernel, call("plot", data="tabel"))
    assert told(provider) == "data: there is no variable 'tabel'. Did you mean 'table'?"

    cell = asks(kernel, call("fail"))
    assert told(provider).endswith("ZeroDivisionError: division by zero")
    assert "return 1 / n" in told(provider)
    assert "copilot_magics/" not in told(provider)
    assert cell.error is None

    asks(kernel, call("cancelled"))
    assert told(provider) == "The tool was ended by its own CancelledError."
    assert offered(provider)["cancelled"]["description"] == "Read caf\\udce9."

    kernel.run("@copilot_tool\ndef fail(text: str):\n    'Now it works.'\n    return text.upper()")
    asks(kernel, call("fail", text="again"))
    assert told(provider) == "AGAIN"
    assert offered(provider)["fail"]["description"] == "Now it works."
    asks(kernel, call("sales", region="south") + "\n" + call("fail", text="both"))
    results = [m["content"] for m in provider.last.since_prompt if m["role"] == "tool"]
    assert results == ["4", "BOTH"]
    assert kernel.run("copilot_tool").text == "<copilot_tool: sales, wait, plot, fail, cancelled>"
    kernel.run("copilot_tool.remove('sales'); copilot_tool.remove(wait)")
    asks(kernel, "say: After.")
    assert {"sales", "wait"} & set(offered(provider)) == set()
    for code, why in (
        ("@copilot_tool\ndef bash(): pass", "The agent has a tool 'bash' already."),
        ("@copilot_tool\ndef notebook_run(): pass", "already"),
        ("copilot_tool(lambda x: x)", "cannot be the name of a tool"),
        ("copilot_tool(3)", "3 is no function"),
        ("copilot_tool.remove('plat')", "Did you mean 'plot'?"),
    ):
        refused = kernel.run(code)
        assert refused.ename == "BadInput"
        assert why in refused.evalue

    kernel.run("%copilot_session asked")
    cell = kernel.start("%%copilot\n" + call("fail", text="no"))
    kernel.wait_widget("Deny").click()
    assert "The user refused this." in cell.result().text
    again = kernel.run(
        "@copilot_tool\ndef ask_again(session: str):\n"
        "    from copilot_magics import Session\n"
        "    return Session(session).ask('say: From within.').text\n"
        "%copilot_session own"
    )
    assert again.status == "ok", again.text
    asks(kernel, call("ask_again", session="own"))
    assert "has called cannot use that session: it waits for the tool." in told(provider)
    asks(kernel, call("ask_again", session="another"))
    assert told(provider) == "From within."


SCRIPT = """
import asyncio
from copilot_magics import Session

def double(n: int) -> int:
    "Double a number."
    return 2 * n

async def triple(n: int) -> int:
    "Triple a number."
    await asyncio.sleep(0)
    return 3 * n

with Session("script", tools=[double, triple], allow=["tool(double)", "tool(triple)"]) as session:
    print(session.ask('tool double {"n": 4}').text)
    print(session.ask('tool triple {"n": 4}').text)
    async def main():
        print((await session.aask('tool triple {"n": 5}')).text)
    asyncio.run(main())
with Session("bare") as session:
    print(session.ask('tool double {"n": 4}').text)
"""


def test_a_script_gives_its_session_tools(
    provider: ScriptedServer, runtime_path: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:3] == ["Tool said: 8", "Tool said: 12", "Tool said: 15"]
    assert "double" in said[3]
    assert not {name for name in offered(provider) if name.startswith("notebook_")}
    assert "double" not in offered(provider)
