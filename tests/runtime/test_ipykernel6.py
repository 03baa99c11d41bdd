"""The main path on ipykernel 6, in an environment of its own: there every prompt blocks."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

ROOT = Path(__file__).parents[2]
TOUCH = 'tool bash {"command": "touch made", "description": "make"}'


@pytest.fixture(scope="module")
def old_python() -> str:
    """The Python of an environment with ipykernel 6, kept from one run to the next."""
    folder = ROOT / "build" / f"ipykernel6-{sys.version_info.major}.{sys.version_info.minor}"
    python, complete = folder / "bin" / "python", folder / "complete"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = "\n".join(["ipykernel<7", *project["dependencies"]])
    if not complete.exists() or complete.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pins = (ROOT / "constraints.txt").read_text().splitlines()
        constraints = folder / "constraints.txt"
        constraints.write_text("\n".join(p for p in pins if not p.startswith("ipykernel==")))
        install = [str(python), "-m", "pip", "install", "--quiet", "--constraint", str(constraints)]
        subprocess.run([*install, *wanted.split("\n")], check=True)
        complete.write_text(wanted)
    return str(python)


@pytest.mark.slow
# An environment that is not there yet takes some minutes to make.
@pytest.mark.timeout(600)
def test_the_main_path(old_python: str, notebook: Start, provider: ScriptedServer) -> None:
    kernel = notebook(python=old_python, env={"PYTHONPATH": str(ROOT)})
    assert kernel.run("import ipykernel; print(ipykernel.__version__)").stdout.startswith("6.")
    kernel.run("%load_ext copilot_magics")
    assert kernel.run("%copilot_session older").stdout.startswith("Created older")

    beside = kernel.run("%%copilot --background --into beside\n" + TOUCH)
    kernel.wait_widget("Allow once").click()
    kernel.wait(lambda: "</sub>" in beside.text, what="the end of a turn in the background")
    assert "> Allowed once (run a command): touch made" in beside.text
    assert kernel.run("print(beside.wait().outcome)").stdout == "answered\n"

    cell = kernel.start("%%copilot\ngate slow")
    cell.wait_output(lambda cell: "Before slow." in cell.text)
    provider.release("slow")
    assert cell.result().status == "ok", cell.text
    assert "Before slow. After slow.\n\n<sub>older · " in cell.text
    assert kernel.run("print(_.text)").stdout == "Before slow. After slow.\n"
    assert "say: awaited" in kernel.run("%copilot why say: awaited?").text

    touch = json.dumps({"command": "touch made", "description": "make"})
    cell = kernel.start(f"%%copilot\ntool bash {touch}")
    assert "Allow?" in cell.wait_question()
    assert "touch made" in cell.stdout
    cell.answer("y")
    assert "Allowed once" in cell.result().text

    for prompt in ("silent", "silent after: A piece."):
        before = len(provider.requests)
        cell = kernel.start(f"%%copilot\n{prompt}")
        queued = kernel.start("print('this ran')")
        provider.wait_for(before + 1)
        kernel.interrupt()
        assert cell.result().ename == "TurnInterrupted"
        assert queued.result().status == "aborted"
    told = kernel.run(
        "from copilot_magics import Session\nr = await Session('older').aask('recall')"
    )
    assert told.status == "ok", told.text
    assert "- gate slow" in kernel.run("print(r.text)").stdout

    kernel.restart()
    kernel.run("%load_ext copilot_magics")
    assert "- gate slow" in kernel.run("%%copilot\nrecall").text
    assert "user.message" in kernel.run("print(set(get_messages()['type']))").stdout
