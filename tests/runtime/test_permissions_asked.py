"""Permissions and questions inside the running cell: asked once, exactly, by buttons."""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from cells import Cell
from kernels import Notebook, Widget

Start = Callable[..., Notebook]
BUTTONS = ["Allow once", "Allow until this kernel stops", "Deny"]

SERVER = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if "id" not in asked:
        continue
    answer = {}
    if asked["method"] == "initialize":
        answer = {
            "protocolVersion": asked["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "weather", "version": "1"},
        }
    if asked["method"] == "tools/list":
        tool = {"name": "tell", "description": "Tell.", "inputSchema": {"type": "object"}}
        answer = {"tools": [tool]}
    if asked["method"] == "tools/call":
        answer = {"content": [{"type": "text", "text": "rain"}]}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": answer}), flush=True)
"""


def tool(name: str, **arguments: object) -> str:
    return f"%%copilot\ntool {name} {json.dumps(arguments)}"


def bash(command: str) -> str:
    return tool("bash", command=command, description="do it")


def of_kind(kernel: Notebook, kind: str) -> list[Widget]:
    shown = kernel.visible_widgets().values()
    return [widget for widget in shown if widget.state.get("_model_name") == kind]


def asked(kernel: Notebook) -> str:
    """Wait until a running cell asks, and return all that it shows of it."""
    kernel.wait_widget("Deny")
    found = kernel.visible_widgets().values()
    buttons = [widget.state.get("description") for widget in of_kind(kernel, "ButtonModel")]
    assert sorted(filter(None, buttons)) == BUTTONS
    values = [str(w.state["value"]) for w in found if w.state.get("_model_name") == "HTMLModel"]
    return html.unescape(re.sub(r"<[^>]*>", "", "\n".join(sorted(values, reverse=True))))


def click(kernel: Notebook, button: str) -> None:
    kernel.wait_widget(button).click()
    kernel.wait(lambda: kernel.find_widget(button) is None, what="the buttons' end")


def answered(kernel: Notebook, code: str, button: str) -> tuple[str, Cell]:
    """Run a cell that asks once; return what it showed, and the cell at its end."""
    cell = kernel.start(code)
    shown = asked(kernel)
    click(kernel, button)
    cell.result()
    assert cell.status == "ok", cell.text
    assert of_kind(kernel, "ButtonModel") == []
    return shown, cell


def test_each_kind_is_asked_once_by_buttons(notebook: Start, tmp_path: Path) -> None:
    work, home = tmp_path / "work", tmp_path / "copilot-home"
    home.mkdir()
    server = tmp_path / "server.py"
    server.write_text(SERVER)
    stdio = {"type": "stdio", "command": sys.executable, "args": [str(server)], "tools": ["*"]}
    (home / "mcp-config.json").write_text(json.dumps({"mcpServers": {"weather": stdio}}))
    kernel = notebook(work)
    kernel.run("%load_ext copilot_magics\n%copilot_session asks")

    shown, cell = answered(kernel, bash("touch 'made' && echo <b>hi</b>"), "Deny")
    assert "touch 'made' && echo <b>hi</b>" in shown
    assert "The user refused this." in cell.text
    assert not (work / "made").exists()
    shown, cell = answered(kernel, bash("touch made"), "Allow once")
    assert (work / "made").exists()
    assert "Allowed once" in cell.text
    assert len(cell.outputs) == 1

    shown, _ = answered(
        kernel,
        tool("create", path=str(work / "new.txt"), file_text="first\nsecond\n"),
        "Allow once",
    )
    assert "new.txt" in shown
    assert "+first" in shown
    assert "+second" in shown
    assert (work / "new.txt").read_text() == "first\nsecond\n"
    edit = {"path": str(work / "new.txt"), "old_str": "second", "new_str": "third"}
    shown, _ = answered(kernel, tool("edit", **edit), "Deny")
    assert "-second" in shown
    assert "+third" in shown
    assert (work / "new.txt").read_text() == "first\nsecond\n"

    (tmp_path / "outside.txt").write_text("a secret place")
    look = tool("view", path=str(tmp_path / "outside.txt"))
    shown, cell = answered(kernel, look, "Deny")
    assert str(tmp_path / "outside.txt") in shown
    assert "a secret place" not in cell.text
    _, cell = answered(kernel, look, "Allow once")
    assert "a secret place" in cell.text
    assert "first" in kernel.run(tool("view", path=str(work / "new.txt"))).text

    shown, cell = answered(kernel, tool("web_fetch", url="http://127.0.0.1:9/page?x=1"), "Deny")
    assert "http://127.0.0.1:9/page?x=1" in shown

    shown, cell = answered(kernel, tool("weather-tell", place="Ulm"), "Allow once")
    assert "weather" in shown
    assert "tell" in shown
    assert "Ulm" in shown
    assert "rain" in cell.text

    asks(kernel)
    widens_nothing(kernel, work)


def asks(kernel: Notebook) -> None:
    """The agent's own questions: by a choice's button, and in free words."""
    question = {"question": "Which <i>colour</i>?", "choices": ["red", "blue"]}
    code = f"%%copilot\nask {json.dumps(question)}"
    cell = kernel.start(code)
    kernel.wait_widget("blue").click()
    assert "blue" in cell.result().text
    cell = kernel.start(code)
    kernel.wait_widget("Answer")
    (field,) = of_kind(kernel, "TextModel")
    field.set(value="green")
    kernel.wait_widget("Answer").click()
    assert "User responded: green" in cell.result().text
    assert of_kind(kernel, "ButtonModel") == []


def widens_nothing(kernel: Notebook, work: Path) -> None:
    """Allow until this kernel stops: this, and nothing else."""
    _, cell = answered(kernel, bash("touch again"), "Allow until this kernel stops")
    assert "Allowed until this kernel stops" in cell.text
    (work / "again").unlink()
    assert kernel.run(bash("touch again")).status == "ok"
    assert (work / "again").exists()
    for wider in (
        "touch other",
        "touch again other",
        "touch again; touch other",
        "touch again > other",
    ):
        answered(kernel, bash(wider), "Deny")
    assert not (work / "other").exists()
    kernel.restart()
    kernel.run("%load_ext copilot_magics\n%copilot_session asks")
    answered(kernel, bash("touch again"), "Deny")


def test_rules_decide_before_anyone_is_asked(notebook: Start, tmp_path: Path) -> None:
    work = tmp_path / "work"
    kernel = notebook(work)
    kernel.run("%load_ext copilot_magics")

    def ends(code: str, **options: bool) -> str:
        cell = kernel.run(code, **options)
        assert cell.status == "ok", cell.text
        return cell.text

    allow = "--allow 'shell(touch:*)' --allow write --deny 'shell(touch bad)' --deny 'write(keep)'"
    kernel.run(f"%copilot_session rules {allow}")
    assert "Refused" not in ends(bash("touch one"))
    assert "Refused" in ends(bash("touch bad"))
    assert "Refused" in ends(bash("touch two; touch bad"))
    ends(tool("create", path=str(work / "free.txt"), file_text="x"))
    assert "Refused" in ends(tool("create", path=str(work / "keep"), file_text="x"))
    assert sorted(path.name for path in work.iterdir()) == ["free.txt", "one"]

    for permissions in ("read-only", "deny"):
        kernel.run(f"%copilot_session {permissions} --permissions {permissions}")
        assert "Refused" in ends(bash("touch three"))
        seen = ends(tool("view", path=str(work / "free.txt")))
        assert ("Refused" in seen) is (permissions == "deny")
    kernel.run("%copilot_session anything --permissions allow-all --deny 'shell(rm:*)'")
    assert "Refused" not in ends(bash("touch four"))
    assert "Refused" in ends(bash("rm four"))
    assert (work / "four").exists()
    assert not (work / "three").exists()

    kernel.run("%copilot_session unwatched")
    text = ends(bash("touch five"), allow_stdin=False)
    assert "Nobody is there to be asked; `--allow 'shell(touch five)'` would allow it." in text
    kernel.run("%copilot_session unwatched --allow 'shell(touch five)'")
    ends(bash("touch five"), allow_stdin=False)
    assert (work / "five").exists()
    wrong = kernel.run("%copilot_session wrong --allow 'shel(x)'")
    assert wrong.ename == "BadInput"
